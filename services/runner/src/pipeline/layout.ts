/**
 * Where things lie, PURE. The algorithm sees them below `/data`, as the wire contract has it. `in` is mounted there, read-only, and
 * holds the mount points of the two volumes that it may write. Through the files container, whose mounts are all below one folder,
 * one archive fills everything and one archive takes outputs and logs out again.
 */
import type { VolumeMount } from '../docker/engine.ts';
import type { AttemptNames } from '../docker/names.ts';

export const ALGORITHM_PATH = '/data/transformations/algorithm';
/** The folder of the files container that archives are unpacked in. */
export const FILES_ROOT = '/capstan';
/** The folder of the files container that results are taken from. */
export const RESULTS_ROOT = `${FILES_ROOT}/out`;

/** Inside the archive. */
export const IN = 'in';
export const OUTPUTS = 'out/outputs';
export const LOGS = 'out/logs';
export const INPUTS = `${IN}/inputs`;
export const DDOS = `${IN}/ddos`;
export const TRANSFORMATIONS = `${IN}/transformations`;
/** Where the writable volumes are mounted in the algorithm's view. */
export const MOUNT_POINTS: readonly string[] = [`${IN}/outputs`, `${IN}/logs`];

export function algorithmMounts({ volumes }: AttemptNames): readonly VolumeMount[] {
  return [
    { volume: volumes.in, target: '/data', isReadOnly: true },
    { volume: volumes.outputs, target: '/data/outputs', isReadOnly: false },
    { volume: volumes.logs, target: '/data/logs', isReadOnly: false },
  ];
}

/** What the filter works on, where the algorithm left it. */
export function filterMounts(names: AttemptNames, seesInputs: boolean): readonly VolumeMount[] {
  return algorithmMounts(names).filter(({ isReadOnly }) => seesInputs || !isReadOnly);
}

/** The volumes are made with these. `volumeBytes` is the most that each which the algorithm may write takes, where the engine can hold it. */
export function filesMounts({ volumes }: AttemptNames, volumeBytes?: number): readonly VolumeMount[] {
  const quota = volumeBytes === undefined ? {} : { sizeBytes: volumeBytes };
  return [
    { volume: volumes.in, target: `${FILES_ROOT}/${IN}`, isReadOnly: false },
    { volume: volumes.outputs, target: `${FILES_ROOT}/${OUTPUTS}`, isReadOnly: false, ...quota },
    { volume: volumes.logs, target: `${FILES_ROOT}/${LOGS}`, isReadOnly: false, ...quota },
  ];
}
