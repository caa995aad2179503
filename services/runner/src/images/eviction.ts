/** Which image goes next when the engine's disk fills up, PURE. */
import type { Image } from '../docker/ports/images.ts';
import { canonicalName } from './reference.ts';
import type { ImageNote } from './notes.ts';

export interface DiskUse {
  readonly totalBytes: number;
  readonly freeBytes: number;
  /** Files that it could take, and can still take. Absent where there is no such number. */
  readonly totalFiles?: number;
  readonly freeFiles?: number;
}

/** Of its space, or of the files that it takes: an image of many small ones fills a disk that has space left. */
export const usedPercent = ({ totalBytes, freeBytes, totalFiles = 0, freeFiles = 0 }: DiskUse) =>
  Math.max(percentOf(totalBytes, freeBytes), percentOf(totalFiles, freeFiles));

const percentOf = (total: number, free: number) => (total > 0 ? ((total - free) / total) * 100 : 0);

/** The names of an image that went with a pull of ours; undefined if somebody else has given it another name: then it is theirs. */
export function namesToRemove(
  { tags, digests }: Pick<Image, 'tags' | 'digests'>,
  pulled: readonly string[],
): readonly string[] | undefined {
  const ours = new Set(pulled.map(canonicalName));
  const isOurs = (name: string) => ours.has(canonicalName(name));
  return tags.every(isOurs) ? [...tags, ...digests.filter(isOurs)] : undefined;
}

/** The one that was not used for the longest time, of those that may go. */
export function nextToEvict(notes: readonly ImageNote[], mayGo: (note: ImageNote) => boolean): ImageNote | undefined {
  return notes
    .filter(mayGo)
    .reduce<ImageNote | undefined>(
      (oldest, note) => (oldest && oldest.lastUsedAt <= note.lastUsedAt ? oldest : note),
      undefined,
    );
}
