/** The volumes that an image wants for its containers, PURE. The engine would make one for each, of any size and outside of all limits. */
import { posix } from 'node:path';
import { FILES_ROOT, LOGS_FOLDER, OUTPUTS_FOLDER } from '../docker/layout.ts';

const MAX_VOLUMES = 16;

export type ImageVolumes =
  | { readonly kind: 'paths'; readonly paths: readonly string[] }
  | { readonly kind: 'refused'; readonly reason: string };

/** How often the same file of an image may be copied into its volumes: those that lie in one another have all that is below. */
export const copiesIn = (paths: readonly string[]): number =>
  Math.max(0, ...paths.map((path) => paths.filter((other) => path === other || path.startsWith(`${other}/`)).length));

/** Each path once, in one spelling. */
export function imageVolumesOf(volumes: readonly string[]): ImageVolumes {
  // Before they are looked into: their number is a stranger's.
  if (volumes.length > MAX_VOLUMES) {
    return {
      kind: 'refused',
      reason: `it wants more than ${MAX_VOLUMES} volumes (VOLUME), the most that this node makes`,
    };
  }
  const paths = [...new Set(volumes.map((path) => posix.normalize(path).replace(/(.)\/+$/, '$1')))];
  if (paths.some((path) => !path.startsWith('/') || path === '/' || path.includes('\0'))) {
    return { kind: 'refused', reason: 'one of the volumes that it wants (VOLUME) is no path of a folder' };
  }
  // Two volumes at one place are refused by the engine, in words that end with the name that the image chose.
  if (paths.some((path) => path === FILES_ROOT || path.startsWith(`${FILES_ROOT}/`))) {
    return { kind: 'refused', reason: `it wants a volume (VOLUME) at ${FILES_ROOT}, which is the node's own` };
  }
  const movable = paths.find((path) => isMovable(path, paths));
  if (movable !== undefined) {
    const folder = movable.startsWith(OUTPUTS_FOLDER) ? OUTPUTS_FOLDER : LOGS_FOLDER;
    return {
      kind: 'refused',
      reason: `it wants a volume (VOLUME) deep in ${folder}, and none in the folders of that around it`,
    };
  }
  return { kind: 'paths', paths: paths.toSorted() };
}

/**
 * Nobody moves what a volume is mounted on, but the folders around it, where the algorithm owns those. With a link in their place, what the
 * volume holds would be elsewhere for the filter, which it might then leave as it is, or run.
 */
function isMovable(path: string, volumes: readonly string[]): boolean {
  const around = posix.dirname(path);
  if (![OUTPUTS_FOLDER, LOGS_FOLDER].some((folder) => around.startsWith(`${folder}/`))) return false;
  return !volumes.includes(around) || isMovable(around, volumes);
}
