/**
 * Where things lie, PURE. The algorithm sees them below `/data`, as the wire contract has it. The volume there is one that it may write, as
 * programs that make folders of their own expect it: what the node has put there, the mount points of the other volumes too, belongs to
 * another user, in folders where nobody moves or removes what is not theirs. The inputs are a volume of their own, mounted read-only. Through
 * the files container, whose mounts are all below one folder, one archive fills everything and one archive takes outputs and logs out again.
 */
import type { VolumeMount } from './ports/containers.ts';
import type { AttemptNames } from './names.ts';

export const DATA = '/data';
export const OUTPUTS_FOLDER = `${DATA}/outputs`;
export const LOGS_FOLDER = `${DATA}/logs`;
const INPUTS_FOLDER = `${DATA}/inputs`;
const DDOS_FOLDER = `${DATA}/ddos`;
const TRANSFORMATIONS_FOLDER = `${DATA}/transformations`;
export const ALGORITHM_PATH = `${TRANSFORMATIONS_FOLDER}/algorithm`;
/** The home of the algorithm, and its working folder where the image names none: what it writes there goes with it. */
export const HOME = '/scratch';
/** The filter's. */
export const FILTER_HOME = `${DATA}/scratch`;
/** Where a filter that sees inputs finds what was the algorithm's `/data`. */
const LEFT_FOLDER = `${DATA}/left`;
/** A home where there is no other. */
const TMP = '/tmp';
/** The folder of the files container that archives are unpacked in. */
export const FILES_ROOT = '/capstan';
/** The folder of the files container that results are taken from. */
export const RESULTS_ROOT = `${FILES_ROOT}/out`;

/** Inside the archive. */
export const OUTPUTS = 'out/outputs';
export const LOGS = 'out/logs';
export const SCRATCH = 'scratch';
export const INPUTS = 'inputs';
export const OWN = 'data';
export const DDOS = `${OWN}/ddos`;
export const TRANSFORMATIONS = `${OWN}/transformations`;
/** The image's own, with names for the job's user. */
export const ETC = 'etc';
const ETC_FOLDER = '/etc';
/** The same of the filter. */
export const FILTER_OWN = 'filter/own';
export const FILTER_DDOS = `${FILTER_OWN}/ddos`;
export const FILTER_SCRATCH = `${FILTER_OWN}/scratch`;
export const FILTER_ETC = 'filter/etc';
/** Where other volumes are mounted in the algorithm's view. */
export const MOUNT_POINTS: readonly string[] = ['inputs', 'outputs', 'logs'].map((name) => `${OWN}/${name}`);
export const FILTER_MOUNT_POINTS: readonly string[] = ['outputs', 'logs'].map((name) => `${FILTER_OWN}/${name}`);
/** Of one that sees inputs. */
export const FILTER_SEES: readonly string[] = [
  FILTER_DDOS,
  ...['inputs', 'left'].map((name) => `${FILTER_OWN}/${name}`),
];
/** The algorithm in the filter's view: a link, and where it leads. */
export const FILTER_ALGORITHM = [`${FILTER_OWN}/transformations`, `${LEFT_FOLDER}/transformations`] as const;

/**
 * Who may write in a folder: `job` is its owner; in a `shared` one it has what is its own beside what is the node's, and in the `node`'s nothing.
 */
export type Holder = 'job' | 'shared' | 'node';

export interface Place {
  readonly name: string;
  readonly holder: Holder;
}

/** Where a path of the algorithm's view is in the archive, and whose it is; undefined if it is the image's. */
export const inArchive = (path: string) => placeIn(PLACES, path);
/** The same of the filter's view. */
export const inArchiveOfFilter = (path: string) => placeIn(FILTER_PLACES, path);

type Places = readonly (readonly [folder: string, name: string, holder: Holder])[];

/** The first that it is in counts. */
function placeIn(places: Places, path: string): Place | undefined {
  for (const [folder, name, holder] of places) {
    if (isBelow(folder, path)) return { name: name + path.slice(folder.length), holder };
  }
  return undefined;
}

const BOTH_SEE: Places = [
  [OUTPUTS_FOLDER, OUTPUTS, 'job'],
  [LOGS_FOLDER, LOGS, 'job'],
  [INPUTS_FOLDER, INPUTS, 'node'],
];
const PLACES: Places = [...BOTH_SEE, [HOME, SCRATCH, 'job'], [DDOS_FOLDER, DDOS, 'node'], [DATA, OWN, 'shared']];
const FILTER_PLACES: Places = [
  ...BOTH_SEE,
  [FILTER_HOME, FILTER_SCRATCH, 'job'],
  [DDOS_FOLDER, FILTER_DDOS, 'node'],
  [DATA, FILTER_OWN, 'shared'],
];

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
  return hasOwnEtc(paths) ? [] : [{ ...etcMount(volumes.etc), inFiles: `${FILES_ROOT}/${ETC}` }];
}

export const hasOwnEtc = (volumePaths: readonly string[]) => volumePaths.some((path) => isBelow(ETC_FOLDER, path));

const etcMount = (volume: string): VolumeMount => ({ volume, target: ETC_FOLDER, isReadOnly: true, isCopied: true });

function wantedCovers(names: AttemptNames, paths: readonly string[]): readonly Cover[] {
  return paths.map((target, index) => {
    const own = ownMounts(names).find((mount) => mount.target === target);
    if (own) return { ...own, isReadOnly: false, isOwn: true, inFiles: undefined };
    const place = inArchive(target);
    if (!place) return { volume: names.cover(index), target, isReadOnly: false, isCopied: true, inFiles: undefined };
    const volume = coverNames(names)[place.holder](index);
    return { volume, target, isReadOnly: place.holder === 'node', inFiles: `${FILES_ROOT}/${place.name}` };
  });
}

const coverNames = ({ cover, sharedCover, inputCover }: AttemptNames) =>
  ({ job: cover, shared: sharedCover, node: inputCover }) satisfies Record<Holder, (index: number) => string>;

function ownMounts({ volumes }: AttemptNames): readonly VolumeMount[] {
  return [
    { volume: volumes.data, target: DATA, isReadOnly: false },
    { volume: volumes.inputs, target: INPUTS_FOLDER, isReadOnly: true },
    { volume: volumes.outputs, target: OUTPUTS_FOLDER, isReadOnly: false },
    { volume: volumes.logs, target: LOGS_FOLDER, isReadOnly: false },
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

interface FilterView {
  readonly seesInputs: boolean;
  /** Of the algorithm's image. */
  readonly covers: readonly Cover[];
  /** The volumes that the filter's image wants. */
  readonly volumePaths: readonly string[];
  /** The volumes of the job, where it is made again and some may have been cleared away. All of them, if absent. */
  readonly left?: readonly string[] | undefined;
}

/**
 * The filter works on outputs and logs, where the algorithm left them, and has a `/data` of its own around them. What else the algorithm has
 * left there may be seen beside: in the filter's own place, what that notes for itself would come among the outputs through a link. Its
 * scratch is not seen, for what lies in a home may change how programs behave.
 */
export function filterView(names: AttemptNames, { seesInputs, covers, volumePaths, left }: FilterView) {
  const { own, etc } = names.filterVolumes;
  const hasOwn = left?.includes(own) ?? true;
  const seen = [...algorithmMounts(names, covers), ...(left === undefined ? [] : mountsOfBefore(names))]
    .filter(({ volume, target }) => isBelow(DATA, target) && (left?.includes(volume) ?? true))
    .flatMap((mount) => {
      const { target } = mount;
      if (isBelow(OUTPUTS_FOLDER, target) || isBelow(LOGS_FOLDER, target)) return [mount];
      if (!seesInputs) return [];
      const isInput = isBelow(INPUTS_FOLDER, target);
      const beside = isInput || !hasOwn ? target : LEFT_FOLDER + target.slice(DATA.length);
      return [{ ...mount, target: beside, isReadOnly: true }];
    });
  const mounts: readonly VolumeMount[] = [
    ...(hasOwn ? [{ volume: own, target: DATA, isReadOnly: false }] : []),
    ...seen,
    ...(hasOwnEtc(volumePaths) ? [] : [etcMount(etc)]),
  ];
  return { mounts, home: hasOwn ? FILTER_HOME : TMP };
}

/** The release before had the algorithm in a volume of its own, and the inputs in the one that was mounted at `/data`, read-only. */
function mountsOfBefore({ volumesOfBefore }: AttemptNames): readonly VolumeMount[] {
  return [
    { volume: volumesOfBefore.in, target: DATA, isReadOnly: true },
    { volume: volumesOfBefore.beside, target: TRANSFORMATIONS_FOLDER, isReadOnly: true },
  ];
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

export interface Rooms {
  /** The most that each volume which the algorithm may write takes, where the engine can hold it. */
  readonly volumeBytes: number | undefined;
  /** What the node itself may have to put there besides. */
  readonly ownBytes: number;
  /** Whether the job has a filter. */
  readonly isFiltered: boolean;
}

/** The volumes are made with these. */
export function filesMounts(
  { volumes, filterVolumes }: AttemptNames,
  covers: readonly Cover[],
  { volumeBytes, ownBytes, isFiltered }: Rooms,
): readonly VolumeMount[] {
  const quota = volumeBytes === undefined ? {} : { sizeBytes: volumeBytes };
  const sharedQuota = volumeBytes === undefined ? {} : { sizeBytes: volumeBytes + ownBytes };
  const held = (cover: VolumeMount) => (cover.isReadOnly ? cover : { ...cover, ...quota });
  const at = (name: string) => ({ target: `${FILES_ROOT}/${name}`, isReadOnly: false });
  return [
    { volume: volumes.data, ...at(OWN), ...sharedQuota },
    { volume: volumes.inputs, ...at(INPUTS) },
    { volume: volumes.outputs, ...at(OUTPUTS), ...quota },
    { volume: volumes.logs, ...at(LOGS), ...quota },
    { volume: volumes.scratch, ...at(SCRATCH), ...quota },
    ...(isFiltered
      ? [
          { volume: filterVolumes.own, ...at(FILTER_OWN), ...quota },
          { volume: filterVolumes.etc, ...at(FILTER_ETC) },
        ]
      : []),
    // The engine would make volumes for the image's own paths here as well.
    ...covers.map((cover) => held(mountOf(cover))),
    ...covers.flatMap((cover) =>
      cover.inFiles === undefined ? [] : [{ ...held(mountOf(cover)), target: cover.inFiles, isReadOnly: false }],
    ),
  ];
}
