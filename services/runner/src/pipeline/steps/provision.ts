/** Makes volumes and containers of an attempt and fills them. All of it may be repeated until the algorithm is started. */
import { randomBytes } from 'node:crypto';
import { posix } from 'node:path';
import { didSuffix } from '@capstan/shared/contract/ids';
import type { FilterConfig } from '@capstan/shared/config/filter';
import type { JobSpec } from '@capstan/shared/contract/job';
import { STATUS } from '@capstan/shared/contract/status';
import { CapstanError, hasCode } from '@capstan/shared/contract/errors';
import { GB } from '@capstan/shared/contract/sizes';
import { diskFilled } from '../../docker/answers.ts';
import type { ContainerSpec } from '../../docker/ports/containers.ts';
import { retryWhileRefused, retryOnCode } from '../../docker/retry-while-unavailable.ts';
import { labelsOf, namesOf } from '../../docker/names.ts';
import { createArchive } from '../archive.ts';
import type { Attempt } from '../attempt.ts';
import type { StepParts } from '../attempt-context.ts';
import { phaseLimitOf, withinPhase } from '../phase-limit.ts';
import type { Step } from '../step.ts';
import type { Claimed } from './claim.ts';
import type { FilterPulled } from './pull-filter.ts';
import type { Pulled } from './pull.ts';
import {
  confinementOf,
  coversFor,
  filesSpec,
  filterArgv,
  filterSpec,
  volumePaths,
  workingDir,
  type UsedImage,
} from '../helpers.ts';
import { argvOf } from '../entrypoint.ts';
import { ALGORITHM_PATH, algorithmMounts, DATA, FILES_ROOT, FILTER_HOME, HOME } from '../../docker/layout.ts';
import { fill, type Surroundings } from './fill.ts';
import { rootedNames } from './working-folder.ts';
import { openNetwork, type JobNetwork } from './network.ts';
import type { UserFiles } from './user-files.ts';

interface ToProvision extends Claimed, Pulled, FilterPulled {
  readonly spec: JobSpec;
}

interface Provisioning
  extends
    Pick<ToProvision, 'ours' | 'spec' | 'image' | 'filterImage'>,
    Pick<StepParts, 'own' | 'fetcher' | 'egress' | 'userFiles'> {}

const REFILLS = 2;

/** Throws the error that says what could not be had. Afterwards the algorithm's container exists and was never started. */
export const provision: Step<ToProvision, object> = {
  name: 'provision',
  until: 'halted',
  tells: () => STATUS.configuringVolumes.code,
  async run({ attempt, parts, ours, spec, image, filterImage }, signal) {
    const what = 'What the job works on';
    const limitS = phaseLimitOf(attempt.settings, spec.maxDurationS);
    const limit = { limitS, code: 'DATA_UNAVAILABLE', what } as const;
    const provisioning = { ...parts, ours, spec, image, filterImage };
    await withinPhase(limit, signal, (limited) => makeAndFill(attempt, provisioning, limited));
    return {};
  },
};

async function makeAndFill(attempt: Attempt, provisioning: Provisioning, signal: AbortSignal): Promise<void> {
  const { log } = attempt;
  const patience = { signal, log };
  await retryWhileRefused('CONTAINER_REFUSED', () => createFiles(attempt, provisioning, signal), patience);
  // Before the filling: as long as that lasts, the engine keeps the container to it.
  await provisioning.userFiles.require(attempt, provisioning.image, signal);
  const [created, filled] = await Promise.allSettled([
    createAlgorithm(attempt, provisioning, signal),
    // What the engine copies into volumes from the filter's image, it copies while they are empty.
    createFilter(attempt, provisioning, signal).then(() => fillVolumes(attempt, provisioning, signal)),
  ]);
  if (filled.status === 'rejected') throw filled.reason;
  if (created.status === 'rejected') throw created.reason;
}

/** The engine makes the volumes along with the container: when it refuses, ask which of the two it was. */
async function createFiles(attempt: Attempt, { image }: Provisioning, signal: AbortSignal): Promise<void> {
  const { engine, identity } = attempt;
  const names = namesOf(identity);
  const labels = labelsOf(identity, 'files');
  try {
    await engine.createContainer(filesSpec(attempt, image), signal);
  } catch (error) {
    if (!hasCode(error, 'CONTAINER_REFUSED')) throw error;
    const { data, inputs, outputs, logs, scratch } = names.volumes;
    for (const volume of [data, inputs, outputs, logs, scratch]) await engine.createVolume(volume, labels, signal);
    throw error;
  }
}

async function fillVolumes(attempt: Attempt, provisioning: Provisioning, signal: AbortSignal): Promise<void> {
  const { log } = attempt;
  try {
    await retryOnCode(
      () => retryWhileRefused('CONTAINER_REFUSED', () => fillOnce(attempt, provisioning, signal), { signal, log }),
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
async function fillOnce(attempt: Attempt, provisioning: Provisioning, callerSignal: AbortSignal): Promise<void> {
  const { engine, identity, settings, limits, openMeter } = attempt;
  const { spec, image, filterImage, own, fetcher, userFiles } = provisioning;
  const names = namesOf(identity);
  const maxBytes = settings.fetch.maxJobGB * GB;
  const around = (of: Around) => surroundingsOf(attempt, userFiles, of, callerSignal);
  const surroundings = await around({ container: names.files, image, home: HOME, argv: programOf(spec, image) });
  const withFilter = async (config: FilterConfig, ofFilter: UsedImage) => {
    const of = { container: names.filter, image: ofFilter, home: FILTER_HOME, argv: filterArgv(config) };
    return { ...(await around(of)), seesInputs: config.seesInputs };
  };
  const filter = attempt.filter && filterImage ? await withFilter(attempt.filter, filterImage) : undefined;
  const meter = openMeter('provision');
  const archive = createArchive();
  const failed = new AbortController();
  const signal = AbortSignal.any([callerSignal, failed.signal]);
  const fail = (error: Error) => {
    if (failed.signal.aborted) return;
    failed.abort(error);
    archive.fail(error);
  };
  await Promise.allSettled([
    fill(archive, { spec, jobUid: limits.uid, surroundings, filter, maxBytes, own, fetcher, meter }, signal).catch(
      fail,
    ),
    engine.putArchive(names.files, FILES_ROOT, archive.stream, signal).catch(fail),
  ]);
  meter.end();
  callerSignal.throwIfAborted();
  // A source that breaks off in the middle of a file breaks the engine's connection, too, and that may be heard first. An engine that answers is no reason to wait for it without end.
  if (hasCode(failed.signal.reason, 'ENGINE_UNAVAILABLE')) {
    await engine.about(callerSignal);
    throw new CapstanError('FETCH_INTERRUPTED', 'The archive for the engine broke off.', { cause: brokenOff() });
  }
  if (hasCode(failed.signal.reason, 'DISK_FILLED')) throw diskFilled(tooMuch(failed.signal.reason));
  failed.signal.throwIfAborted();
}

interface Around {
  /** One of the image, which is not started yet. */
  readonly container: string;
  readonly image: UsedImage;
  readonly home: string;
  readonly argv: readonly string[];
}

async function surroundingsOf(
  { engine, limits: { uid } }: Attempt,
  userFiles: UserFiles,
  around: Around,
  signal: AbortSignal,
): Promise<Surroundings> {
  const { image } = around;
  const folders = [...volumePaths(image), posix.normalize(image.settings.workingDir)];
  const [users, rooted] = await Promise.all([
    userFiles.named(engine, { ...around, uid }, signal),
    rootedNames(engine, { ...around, folders }, signal),
  ]);
  return { users, rooted, folders };
}

const tooMuch = (cause: unknown) =>
  new CapstanError('DATA_UNAVAILABLE', "What the job works on does not fit on the engine's disk: it is full.", {
    cause,
  });

const brokenOff = () =>
  new CapstanError(
    'DATA_UNAVAILABLE',
    'The files of the job broke off on their way into it, each time they were fetched.',
  );

async function createAlgorithm(attempt: Attempt, provisioning: Provisioning, signal: AbortSignal): Promise<void> {
  const { engine, limits, log } = attempt;
  const patience = { signal, log };
  const create = async () => {
    const network = limits.network ? await openNetwork(attempt, provisioning.egress, signal) : undefined;
    await engine.createAlgorithm(provisioning.ours, algorithmSpec(attempt, provisioning, network), signal);
  };
  await retryWhileRefused('CONTAINER_REFUSED', create, patience);
}

async function createFilter(
  attempt: Attempt,
  { spec, image, filterImage }: Provisioning,
  signal: AbortSignal,
): Promise<void> {
  const { engine, filter, log } = attempt;
  if (!filter || filterImage === undefined) return;
  const container = filterSpec(attempt, { filter, env: variables(spec), image, filterImage });
  await retryWhileRefused('CONTAINER_REFUSED', () => engine.createContainer(container, signal), { signal, log });
}

function algorithmSpec(
  { identity, limits, settings }: Attempt,
  { spec, image }: Provisioning,
  network: JobNetwork | undefined,
): ContainerSpec {
  const names = namesOf(identity);
  return {
    name: names.algorithm,
    image: image.id,
    labels: labelsOf(identity, 'algorithm'),
    imageLabels: image.settings.labels,
    argv: programOf(spec, image),
    env: { ...variables(spec), HOME, ...network?.env },
    ...workingDir(image, HOME),
    mounts: algorithmMounts(names, coversFor(names, image)),
    confinement: { ...confinementOf(limits, settings), ...(network ? { network: network.network } : {}) },
  };
}

/** The order's; the image's own where the order names none. */
function programOf({ algorithm }: JobSpec, { settings }: Provisioning['image']): readonly string[] {
  const ordered = argvOf(algorithm.container.entrypoint, ALGORITHM_PATH);
  const argv = ordered.length > 0 ? ordered : settings.argv;
  if (argv.length > 0) return argv;
  throw new CapstanError(
    'CONTAINER_REFUSED',
    'Neither the algorithm nor its image says which program to run (entrypoint).',
  );
}

/** What published algorithms build their paths from, and what libraries ask of a machine. Assets are named without `did:op:`, as their folders are. */
function variables({ datasets, algorithm }: JobSpec) {
  return {
    DIDS: JSON.stringify(datasets.map(({ ddo }) => didSuffix(ddo.id))),
    TRANSFORMATION_DID: algorithm.kind === 'published' ? didSuffix(algorithm.asset.ddo.id) : 'raw',
    VOLUME: DATA,
    INPUTS: `${DATA}/inputs`,
    OUTPUTS: `${DATA}/outputs`,
    LOGS: `${DATA}/logs`,
    ALGO: ALGORITHM_PATH,
    secret: randomBytes(32).toString('hex'),
    // A uid that no image knows has a name for libraries that ask for one.
    USER: 'job',
    LOGNAME: 'job',
    // A program that is killed has said what it said.
    PYTHONUNBUFFERED: '1',
    // For the init: a stop reaches the whole group, a shell's children too.
    TINI_KILL_PROCESS_GROUP: '1',
  };
}
