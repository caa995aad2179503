/** Which image goes next when the engine's disk fills up, PURE. */
import type { ImageNote } from './notes.ts';

export interface DiskUse {
  readonly totalBytes: number;
  readonly freeBytes: number;
}

export const usedPercent = ({ totalBytes, freeBytes }: DiskUse) => ((totalBytes - freeBytes) / totalBytes) * 100;

/** The one that was not used for the longest time, of those that may go. */
export function nextToEvict(notes: readonly ImageNote[], mayGo: (note: ImageNote) => boolean): ImageNote | undefined {
  return notes
    .filter(mayGo)
    .reduce<ImageNote | undefined>(
      (oldest, note) => (oldest && oldest.lastUsedAt <= note.lastUsedAt ? oldest : note),
      undefined,
    );
}
