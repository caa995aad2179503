/**
 * Where things lie, PURE. The algorithm sees them below `/data`, as the wire contract has it. `in` is mounted there, read-only, and
 * holds the mount points of the volumes that it may write. The algorithm lies in one of those: it may write beside itself, but what the
 * node has put there belongs to another user, in a folder where nobody removes what is not theirs. Through the files container, whose mounts are all below one folder,
 * one archive fills everything and one archive takes outputs and logs out again.
 */
import type { VolumeMount } from './engine.ts';
import type { AttemptNames } from './names.ts';

export const DATA = '/data';
export const OUTPUTS_FOLDER = `${DATA}/outputs`;
export const LOGS_FOLDER = `${DATA}/logs`;
export const TRANSFORMATIONS_FOLDER = `${DATA}/transformations`;
export const ALGORITHM_PATH = `${TRANSFORMATIONS_FOLDER}/algorithm`;
/** The home of the algorithm, and its working folder where the image names none: what it writes there goes with it. */
export const HOME = '/scratch';
/** The folder of the files container that archives are unpacked in. */
export const FILES_ROOT = '/capstan';
/** The folder of the files container that results are taken from. */
export const RESULTS_ROOT = `${FILES_ROOT}/out`;

/** Inside the archive. */
export const IN = 'in';
export const OUTPUTS = 'out/outputs';
export const LOGS = 'out/logs';
export const SCRATCH = 'scratch';
export const INPUTS = `${IN}/inputs`;
export const DDOS = `${IN}/ddos`;
export const TRANSFORMATIONS = 'beside';
/** The image's own, with names for the job's user. */
export const ETC = 'etc';
const ETC_FOLDER = `/${ETC}`;
/** Where the writable volumes are mounted in the algorithm's view. */
export const MOUNT_POINTS: readonly string[] = [`${IN}/outputs`, `${IN}/logs`, `${IN}/transformations`];

/** Where a path of the algorithm's view is in the archive, and whether the algorithm may write there; undefined if it is the image's. */
export function inArchive(path: string): { readonly name: string; readonly isWritable: boolean } | undefined {
  const below = (folder: string) =>
    path === folder || path.startsWith(`${folder}/`) ? path.slice(folder.length) : undefined;
  for (const [folder, name] of [
    [OUTPUTS_FOLDER, OUTPUTS],
    [LOGS_FOLDER, LOGS],
    [TRANSFORMATIONS_FOLDER, TRANSFORMATIONS],
    [HOME, SCRATCH],
  ] as const) {
    const rest = below(folder);
    if (rest !== undefined) return { name: name + rest, isWritable: true };
  }
  const rest = below(DATA);
  return rest === undefined ? undefined : { name: IN + rest, isWritable: false };
}

/** A volume in place of one that the image wants, so that it counts. */
export interface Cover extends VolumeMount {
  /** Of the files container too, so that the archive reaches it. */
  readonly inFiles: string | undefined;
  /** The job has a volume there anyway. */
  readonly isOwn?: true;
}

/** Below `/data` the job's own content is what counts, elsewhere the image's. */
export function coversOf(names: AttemptNames, paths: readonly string[]): readonly Cover[] {
  return [...wantedCovers(names, paths), ...etcCover(names, paths)];
}

/** A root that is read-only takes no names of users any more. Where the image wants volumes in that folder, theirs are what it gets. */
function etcCover({ volumes }: AttemptNames, paths: readonly string[]): readonly Cover[] {
  if (paths.some((path) => path === ETC_FOLDER || path.startsWith(`${ETC_FOLDER}/`))) return [];
  return [
    { volume: volumes.etc, target: ETC_FOLDER, isReadOnly: true, isCopied: true, inFiles: `${FILES_ROOT}/${ETC}` },
  ];
}

function wantedCovers(names: AttemptNames, paths: readonly string[]): readonly Cover[] {
  return paths.map((target, index) => {
    const own = ownMounts(names).find((mount) => mount.target === target);
    if (own) return { ...own, isReadOnly: false, isOwn: true, inFiles: undefined };
    const place = inArchive(target);
    if (!place) return { volume: names.cover(index), target, isReadOnly: false, isCopied: true, inFiles: undefined };
    const volume = place.isWritable ? names.cover(index) : names.inputCover(index);
    return { volume, target, isReadOnly: !place.isWritable, inFiles: `${FILES_ROOT}/${place.name}` };
  });
}

function ownMounts({ volumes }: AttemptNames): readonly VolumeMount[] {
  return [
    { volume: volumes.in, target: DATA, isReadOnly: true },
    { volume: volumes.outputs, target: OUTPUTS_FOLDER, isReadOnly: false },
    { volume: volumes.logs, target: LOGS_FOLDER, isReadOnly: false },
    { volume: volumes.beside, target: TRANSFORMATIONS_FOLDER, isReadOnly: false },
    { volume: volumes.scratch, target: HOME, isReadOnly: false },
  ];
}

const mountOf = ({ volume, target, isReadOnly, isCopied }: Cover): VolumeMount => ({
  volume,
  target,
  isReadOnly,
  ...(isCopied ? { isCopied } : {}),
});

export function algorithmMounts(names: AttemptNames, covers: readonly Cover[] = []): readonly VolumeMount[] {
  return [...ownMounts(names), ...covers.filter(({ isOwn }) => !isOwn).map(mountOf)];
}

/**
 * What the filter works on, where the algorithm left it. Not its scratch: what lies in a home may change how programs behave. The
 * algorithm is an input, and what it has written beside itself is only to be read.
 */
export function filterMounts(
  names: AttemptNames,
  seesInputs: boolean,
  covers: readonly Cover[] = [],
): readonly VolumeMount[] {
  return algorithmMounts(names, covers)
    .map((mount) => (isBelow(TRANSFORMATIONS_FOLDER, mount.target) ? { ...mount, isReadOnly: true } : mount))
    .filter(({ target, isReadOnly }) => isBelow(DATA, target) && (seesInputs || !isReadOnly));
}

const isBelow = (folder: string, path: string) => path === folder || path.startsWith(`${folder}/`);

/** In place of the volumes that the filter's own image wants, where it has none of the job's. Each takes `volumeBytes` at most, where the engine can hold it. */
export function filterCovers(
  names: AttemptNames,
  {
    mounts,
    paths,
    volumeBytes,
  }: { mounts: readonly VolumeMount[]; paths: readonly string[]; volumeBytes: number | undefined },
): readonly VolumeMount[] {
  const free = paths.filter((path) => mounts.every(({ target }) => target !== path));
  return free.map((target, index) => ({
    volume: names.filterCover(index),
    target,
    isReadOnly: false,
    isCopied: true as const,
    ...(volumeBytes === undefined ? {} : { sizeBytes: volumeBytes }),
  }));
}

/** The volumes are made with these. `volumeBytes` is the most that each which the algorithm may write takes, where the engine can hold it. */
export function filesMounts(
  { volumes }: AttemptNames,
  covers: readonly Cover[] = [],
  volumeBytes?: number,
): readonly VolumeMount[] {
  const quota = volumeBytes === undefined ? {} : { sizeBytes: volumeBytes };
  const held = (cover: VolumeMount) => (cover.isReadOnly ? cover : { ...cover, ...quota });
  return [
    { volume: volumes.in, target: `${FILES_ROOT}/${IN}`, isReadOnly: false },
    { volume: volumes.outputs, target: `${FILES_ROOT}/${OUTPUTS}`, isReadOnly: false, ...quota },
    { volume: volumes.logs, target: `${FILES_ROOT}/${LOGS}`, isReadOnly: false, ...quota },
    { volume: volumes.scratch, target: `${FILES_ROOT}/${SCRATCH}`, isReadOnly: false, ...quota },
    // What the node puts there is as large as it is: what the algorithm adds to it is measured.
    { volume: volumes.beside, target: `${FILES_ROOT}/${TRANSFORMATIONS}`, isReadOnly: false },
    // The engine would make volumes for the image's own paths here as well.
    ...covers.map((cover) => held(mountOf(cover))),
    ...covers.flatMap((cover) =>
      cover.inFiles === undefined ? [] : [{ ...held(mountOf(cover)), target: cover.inFiles, isReadOnly: false }],
    ),
  ];
}
