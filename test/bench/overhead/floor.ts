/**
 * The floor under every job: raw dockerode making the same containers and volumes, with the same options, moving the same bytes in
 * and out, and with the same things at the same time. Nothing is checked, stored, told or hashed.
 */
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { buffer } from 'node:stream/consumers';
import { join } from 'node:path';
import Docker from 'dockerode';
import { pack } from 'tar-stream';
import { DEMO_IMAGE } from '../../../scripts/demo/assets.ts';
import { engineSocket } from '../../../scripts/parts/engine.ts';
import { ROOT } from '../../../scripts/parts/service.ts';
import { SHARED_FOLDER } from '../../../services/runner/src/pipeline/archive.ts';
import { namesOf, type AttemptNames } from '../../../services/runner/src/docker/names.ts';
import { createOptions } from '../../../services/runner/src/docker/profile.ts';
import {
  ALGORITHM_PATH,
  algorithmMounts,
  DDOS,
  FILES_ROOT,
  filesMounts,
  INPUTS,
  LOGS,
  MOUNT_POINTS,
  OUTPUTS,
  OWN,
  RESULTS_ROOT,
  SCRATCH,
  TRANSFORMATIONS,
} from '../../../services/runner/src/docker/layout.ts';
import type { JobId } from '@capstan/shared/contract/ids';

const UID = 10_001;
const DATASET = 'b'.repeat(64);
const LABELS = { 'capstan.bench': 'floor' };
const image = `${DEMO_IMAGE.image}:${DEMO_IMAGE.tag}`;

export const FLOOR_PHASES = ['create', 'fill', 'start', 'run', 'collect'] as const;
export type FloorPhases = Readonly<Record<(typeof FLOOR_PHASES)[number], number>>;

export interface FloorRun {
  readonly totalMs: number;
  readonly phases: FloorPhases;
}

export interface Confinement {
  readonly cpus: number;
  readonly memoryBytes: number;
  readonly pids: number;
}

/** What the job runs, on what. */
export interface Work {
  readonly argv: readonly string[];
  readonly algorithm: Buffer;
  readonly data: Buffer;
  /** A file that it leaves. */
  readonly leaves: string;
}

/** The demo's. */
const DEMO: Work = {
  argv: ['node', ALGORITHM_PATH],
  algorithm: readFileSync(join(ROOT, 'demo/algorithm.js')),
  data: readFileSync(join(ROOT, 'demo/data/weather.csv')),
  leaves: 'rain.json',
};

export function createFloor(confinement: Confinement, work = DEMO, socketPath = engineSocket()) {
  const docker = new Docker({ socketPath });

  const once = async (): Promise<FloorRun> => {
    const names = namesOf({ jobId: randomBytes(16).toString('hex') as JobId, run: 1, attempt: 1 });
    const inputs = await inputArchive(work);
    const clock = createClock();
    const files = await docker.createContainer(filesOptions(names));
    clock.mark('create');
    const [algorithm] = await Promise.all([
      docker.createContainer(algorithmOptions(names, confinement, work)),
      files.putArchive(inputs, { path: FILES_ROOT }),
    ]);
    clock.mark('fill');
    await algorithm.start();
    clock.mark('start');
    // Asked for afterwards: a wait for the next exit that comes after it would last for ever.
    const { StatusCode } = (await algorithm.wait({ condition: 'not-running' })) as { StatusCode: number };
    clock.mark('run');
    const [outputs, log] = await Promise.all([
      files.getArchive({ path: RESULTS_ROOT }).then((stream) => buffer(stream)),
      algorithm.logs({ stdout: true, stderr: true, follow: true }).then((stream) => buffer(stream)),
    ]);
    clock.mark('collect');
    const run = clock.read();
    if (StatusCode !== 0 || !outputs.includes(work.leaves) || log.length === 0) {
      throw new Error(`the floor's algorithm exited with ${StatusCode}: ${log.toString('utf8')}`);
    }
    await remove(docker, names);
    return run;
  };

  return { once };
}

function filesOptions(names: AttemptNames) {
  return createOptions({
    name: names.files,
    image,
    labels: LABELS,
    argv: ['/never-started'],
    env: {},
    mounts: filesMounts(names, [], { volumeBytes: undefined, ownBytes: 0, isFiltered: false }),
  });
}

function algorithmOptions(names: AttemptNames, { cpus, memoryBytes, pids }: Confinement, { argv }: Work) {
  return createOptions({
    name: names.algorithm,
    image,
    labels: LABELS,
    argv,
    env: { DIDS: JSON.stringify([`did:op:${DATASET}`]), ALGO: ALGORITHM_PATH },
    mounts: algorithmMounts(names),
    confinement: {
      user: `${UID}:${UID}`,
      cpus,
      memoryBytes,
      pids,
      tmpBytes: 64_000_000,
      gpus: [],
      logBytes: 40_000_000,
    },
  });
}

/** What the node writes into the volumes, less the DDOs. */
async function inputArchive({ algorithm, data }: Work): Promise<Buffer> {
  const archive = pack();
  const folder = (name: string, uid = 0, mode = 0o755) =>
    archive.entry({ name: `${name}/`, type: 'directory', mode, uid, gid: uid });
  for (const name of [OWN, TRANSFORMATIONS]) folder(name, 0, SHARED_FOLDER);
  for (const name of [INPUTS, DDOS, ...MOUNT_POINTS]) folder(name);
  for (const name of [OUTPUTS, LOGS, SCRATCH]) folder(name, UID);
  folder(`${INPUTS}/${DATASET}`);
  archive.entry({ name: `${TRANSFORMATIONS}/algorithm`, mode: 0o555 }, algorithm);
  archive.entry({ name: `${INPUTS}/algoCustomData.json` }, '{"wetDayMm":0.25}');
  archive.entry({ name: `${INPUTS}/${DATASET}/0` }, data);
  archive.finalize();
  return buffer(archive);
}

async function remove(docker: Docker, { algorithm, files, volumes }: AttemptNames): Promise<void> {
  await Promise.all([algorithm, files].map((name) => docker.getContainer(name).remove({ force: true, v: true })));
  // The others are for jobs with a network, and for names of users.
  const made = [volumes.data, volumes.inputs, volumes.outputs, volumes.logs, volumes.scratch];
  await Promise.all(made.map((name) => docker.getVolume(name).remove()));
}

function createClock() {
  const startedAt = performance.now();
  let last = startedAt;
  const phases: Record<string, number> = {};
  return {
    mark(phase: keyof FloorPhases): void {
      const now = performance.now();
      phases[phase] = now - last;
      last = now;
    },
    read: (): FloorRun => ({ totalMs: last - startedAt, phases: phases as FloorPhases }),
  };
}
