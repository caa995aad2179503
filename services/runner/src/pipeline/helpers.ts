/**
 * The containers beside the algorithm's: made before it starts, and made again where somebody has cleared them away. They never run, or
 * not yet, and that is what commands that tidy up an engine look for.
 */
import type { FilterConfig } from '@capstan/shared/config/filter';
import { GB } from '@capstan/shared/contract/sizes';
import type { Confinement, HelperSpec } from '../docker/ports/containers.ts';
import { labelsOf, namesOf, type AttemptNames } from '../docker/names.ts';
import { imageVolumesOf } from '../images/image-volumes.ts';
import type { HeldImage } from '../images/image-cache.ts';
import { heldTo } from '../environments/limits.ts';
import { logLimitsOf, type Attempt } from './attempt.ts';
import { argvOf } from './entrypoint.ts';
import { ALGORITHM_PATH, coversOf, filesMounts, filterCovers, filterView } from '../docker/layout.ts';

export type UsedImage = Pick<HeldImage, 'id' | 'settings'>;

/** What files take beyond their bytes, and descriptions of assets. */
const OWN_SLACK_BYTES = 1_000_000_000;

/** Files go in and come out through it. */
export function filesSpec(
  { identity, limits, settings }: Pick<Attempt, 'identity' | 'limits' | 'settings'>,
  image: UsedImage,
): HelperSpec {
  const names = namesOf(identity);
  const rooms = {
    volumeBytes: heldTo(limits),
    ownBytes: settings.fetch.maxJobGB * GB + OWN_SLACK_BYTES,
    isFiltered: identity.isFiltered === true,
  };
  return {
    name: names.files,
    image: image.id,
    labels: labelsOf(identity, 'files'),
    imageLabels: image.settings.labels,
    argv: ['/never-started'],
    env: {},
    mounts: filesMounts(names, coversFor(names, image), rooms),
  };
}

export interface Filtering {
  readonly filter: FilterConfig;
  /** What it is told of the job. */
  readonly env: Readonly<Record<string, string>>;
  readonly image: UsedImage;
  readonly filterImage: UsedImage;
  /** The volumes that there are, where it is made again. */
  readonly left?: readonly string[];
}

export function filterSpec(
  { identity, limits, settings }: Pick<Attempt, 'identity' | 'limits' | 'settings'>,
  { filter, env, image, filterImage, left }: Filtering,
): HelperSpec {
  const names = namesOf(identity);
  const ofFilter = volumePaths(filterImage);
  const view = { seesInputs: filter.seesInputs, covers: coversFor(names, image), volumePaths: ofFilter, left };
  const { mounts, home } = filterView(names, view);
  const covers = filterCovers(names, { mounts, paths: ofFilter, volumeBytes: heldTo(limits) });
  return {
    name: names.filter,
    image: filterImage.id,
    labels: labelsOf(identity, 'filter'),
    imageLabels: filterImage.settings.labels,
    argv: filterArgv(filter),
    env: { ...env, HOME: home },
    ...workingDir(filterImage, home),
    mounts: [...mounts, ...covers],
    confinement: { ...confinementOf(limits, settings), gpus: [] },
  };
}

export const filterArgv = ({ entrypoint }: FilterConfig) => argvOf(entrypoint, ALGORITHM_PATH);

/** Where an image names none, or the root, a program works in its home. */
export const workingDir = ({ settings }: UsedImage, home: string) =>
  settings.workingDir === '' || settings.workingDir === '/' ? { workingDir: home } : {};

export function volumePaths({ settings }: UsedImage): readonly string[] {
  const volumes = imageVolumesOf(settings.volumes);
  return volumes.kind === 'paths' ? volumes.paths : [];
}

export const coversFor = (names: AttemptNames, image: UsedImage) => coversOf(names, volumePaths(image));

export function confinementOf(limits: Attempt['limits'], settings: Attempt['settings']): Confinement {
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
