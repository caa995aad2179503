/** How far a pull is, PURE: the sum of what its layers say. */
import type { LayerNote } from '../docker/ports/images.ts';

export interface PullTotals {
  readonly doneBytes: number;
  /** Undefined until the size of every layer is known. */
  readonly totalBytes: number | undefined;
  /** What is known of the size so far. */
  readonly knownBytes: number;
  /** Something has come since the last note, or a layer has gone on. */
  readonly hasMoved: boolean;
  /** Of every layer that was told of, all has come. */
  readonly isHere: boolean;
  /** Of those that have not, the engine has begun none: others are in its places. */
  readonly isQueued: boolean;
}

export interface PullProgress {
  note(note: LayerNote): PullTotals;
}

interface Layer {
  readonly doneBytes: number;
  readonly totalBytes: number | undefined;
  readonly isHere: boolean;
  readonly isQueued?: true;
}

export function createPullProgress(): PullProgress {
  const layers = new Map<string, Layer>();
  return {
    note(note) {
      const before = layers.get(note.layer);
      const now = after(note, before);
      layers.set(note.layer, now);
      const all = [...layers.values()];
      const sum = (of: (layer: Layer) => number) => all.reduce((bytes, layer) => bytes + of(layer), 0);
      const knownBytes = sum(({ totalBytes }) => totalBytes ?? 0);
      return {
        doneBytes: sum(({ doneBytes }) => doneBytes),
        totalBytes: all.some(({ totalBytes }) => totalBytes === undefined) ? undefined : knownBytes,
        knownBytes,
        hasMoved: before === undefined || now.doneBytes !== before.doneBytes || now.isHere !== before.isHere,
        isHere: all.every(({ isHere }) => isHere),
        isQueued: all.some(({ isHere }) => !isHere) && all.every(({ isHere, isQueued }) => isHere || isQueued),
      };
    },
  };
}

function after(note: LayerNote, before: Layer | undefined): Layer {
  switch (note.phase) {
    case 'queued':
      return { doneBytes: 0, totalBytes: undefined, ...before, isHere: false, isQueued: true };
    case 'waiting':
      return before ?? { doneBytes: 0, totalBytes: undefined, isHere: false };
    case 'downloading':
      return { doneBytes: note.doneBytes, totalBytes: note.totalBytes ?? before?.totalBytes, isHere: false };
    case 'downloaded': {
      // A layer that came in one piece, or was there already, never told its size.
      const size = before?.totalBytes ?? before?.doneBytes ?? 0;
      return { doneBytes: size, totalBytes: size, isHere: true };
    }
  }
}
