/** Makes volumes and containers of an attempt and fills them. All of it may be repeated until the algorithm is started. */
import { randomBytes } from 'node:crypto';
import type { JobSpec } from '@capstan/shared/contract/job';
import { CapstanError, hasCode } from '@capstan/shared/errors';
import type { Confinement, ContainerSpec } from '../../docker/engine.ts';
import { insistAgainst, persist } from '../../docker/insist.ts';
import { labelsOf, namesOf } from '../../docker/names.ts';
import type { Fetcher } from '../../fetch/fetcher.ts';
import type { EgressImage } from '../../egress/image.ts';
import type { OwnNode } from '../../fetch/sealed-files.ts';
import { createArchive } from '../archive.ts';
import { logLimitsOf, type Attempt } from '../attempt.ts';
import { argvOf } from '../entrypoint.ts';
import { ALGORITHM_PATH, algorithmMounts, FILES_ROOT, filesMounts, filterMounts } from '../layout.ts';
import { heldTo } from '../../limits.ts';
import { fill } from './fill.ts';
import { openNetwork, type JobNetwork } from './network.ts';

export interface Provisioning {
  readonly spec: JobSpec;
  readonly image: string;
  /** The image of the environment's filter, if it has one. */
  readonly filterImage: string | undefined;
  readonly own: OwnNode;
  readonly fetcher: Fetcher;
  readonly egress: EgressImage;
}

const REFILLS = 2;
const GB = 1_000_000_000;

/** Throws the error that says what could not be had. Afterwards the algorithm's container exists and was never started. */
export async function provision(attempt: Attempt, provisioning: Provisioning, signal: AbortSignal): Promise<void> {
  const { log } = attempt;
  const patience = { signal, log };
  await insistAgainst('CONTAINER_REFUSED', () => createFiles(attempt, provisioning, signal), patience);
  const [created, filter, filled] = await Promise.allSettled([
    createAlgorithm(attempt, provisioning, signal),
    createFilter(attempt, provisioning, signal),
    fillVolumes(attempt, provisioning, signal),
  ]);
  if (filled.status === 'rejected') throw filled.reason;
  if (created.status === 'rejected') throw created.reason;
  if (filter.status === 'rejected') throw filter.reason;
}

/** The engine makes the volumes along with the container: when it refuses, ask which of the two it was. */
async function createFiles(attempt: Attempt, { image }: Provisioning, signal: AbortSignal): Promise<void> {
  const { engine, identity, limits } = attempt;
  const names = namesOf(identity);
  const labels = labelsOf(identity, 'files');
  try {
    await engine.createContainer(
      {
        name: names.files,
        image,
        labels,
        argv: ['/never-started'],
        env: {},
        mounts: filesMounts(names, heldTo(limits)),
      },
      signal,
    );
  } catch (error) {
    if (!hasCode(error, 'CONTAINER_REFUSED')) throw error;
    const { in: inputs, outputs, logs } = names.volumes;
    for (const volume of [inputs, outputs, logs]) await engine.createVolume(volume, labels, signal);
    throw error;
  }
}

async function fillVolumes(attempt: Attempt, provisioning: Provisioning, signal: AbortSignal): Promise<void> {
  const { log } = attempt;
  try {
    await persist(
      () => insistAgainst('CONTAINER_REFUSED', () => fillOnce(attempt, provisioning, signal), { signal, log }),
      'FETCH_INTERRUPTED',
      {
        signal,
        retries: REFILLS,
        onRetry: (error) => log.info({ problem: error.message }, 'filling once more'),
      },
    );
  } catch (error) {
    if (hasCode(error, 'FETCH_INTERRUPTED') && error.cause instanceof CapstanError) throw error.cause;
    throw error;
  }
}

/** The archive is written while the engine unpacks it; if one side fails, the other is told, and the first failure counts. */
async function fillOnce(
  { engine, identity, settings, limits, openMeter }: Attempt,
  { spec, own, fetcher }: Provisioning,
  callerSignal: AbortSignal,
): Promise<void> {
  const archive = createArchive();
  const meter = openMeter('provision');
  const maxBytes = settings.fetch.maxJobGB * GB;
  const failed = new AbortController();
  const signal = AbortSignal.any([callerSignal, failed.signal]);
  const fail = (error: Error) => {
    if (failed.signal.aborted) return;
    failed.abort(error);
    archive.fail(error);
  };
  await Promise.allSettled([
    fill(archive, { spec, jobUid: limits.uid, maxBytes, own, fetcher, meter }, signal).catch(fail),
    engine.putArchive(namesOf(identity).files, FILES_ROOT, archive.stream, signal).catch(fail),
  ]);
  meter.end();
  callerSignal.throwIfAborted();
  failed.signal.throwIfAborted();
}

async function createAlgorithm(attempt: Attempt, provisioning: Provisioning, signal: AbortSignal): Promise<void> {
  const { engine, limits, log } = attempt;
  const patience = { signal, log };
  const create = async () => {
    const network = limits.network ? await openNetwork(attempt, provisioning.egress, signal) : undefined;
    await engine.createContainer(algorithmSpec(attempt, provisioning, network), signal);
  };
  await insistAgainst('CONTAINER_REFUSED', create, patience);
}

/** Made before the algorithm starts: one that is gone afterwards was lost, and never has to be made again. */
async function createFilter(
  { engine, identity, limits, filter, settings, log }: Attempt,
  { spec, filterImage }: Provisioning,
  signal: AbortSignal,
): Promise<void> {
  if (!filter || filterImage === undefined) return;
  const names = namesOf(identity);
  const container: ContainerSpec = {
    name: names.filter,
    image: filterImage,
    labels: labelsOf(identity, 'filter'),
    argv: argvOf(filter.entrypoint, ALGORITHM_PATH),
    env: assetNames(spec),
    mounts: filterMounts(names, filter.seesInputs),
    confinement: { ...confinementOf(limits, settings), gpus: [] },
  };
  await insistAgainst('CONTAINER_REFUSED', () => engine.createContainer(container, signal), { signal, log });
}

function algorithmSpec(
  { identity, limits, settings }: Attempt,
  { spec, image }: Provisioning,
  network: JobNetwork | undefined,
): ContainerSpec {
  const names = namesOf(identity);
  return {
    name: names.algorithm,
    image,
    labels: labelsOf(identity, 'algorithm'),
    argv: argvOf(spec.algorithm.container.entrypoint, ALGORITHM_PATH),
    env: {
      ...assetNames(spec),
      ALGO: ALGORITHM_PATH,
      ...network?.env,
      secret: randomBytes(32).toString('hex'),
    },
    mounts: algorithmMounts(names),
    confinement: { ...confinementOf(limits, settings), ...(network ? { network: network.network } : {}) },
  };
}

function assetNames({ datasets, algorithm }: JobSpec) {
  return {
    DIDS: JSON.stringify(datasets.map(({ ddo }) => ddo.id)),
    TRANSFORMATION_DID: algorithm.kind === 'published' ? algorithm.asset.ddo.id : 'raw',
  };
}

function confinementOf(limits: Attempt['limits'], settings: Attempt['settings']): Confinement {
  return {
    user: `${limits.uid}:${limits.uid}`,
    cpus: limits.cpus,
    memoryBytes: limits.memoryBytes,
    pids: limits.pids,
    tmpBytes: limits.tmpBytes,
    gpus: limits.gpus,
    logBytes: logLimitsOf(settings).engineBytes,
  };
}
