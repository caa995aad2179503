/** How far a pull is, PURE: the sum of what its layers say. */
import type { LayerNote } from '../docker/engine.ts';

export interface PullTotals {
  readonly doneBytes: number;
  /** Undefined until the size of every layer is known. */
  readonly totalBytes: number | undefined;
  /** What is known of the size so far. */
  readonly knownBytes: number;
}

export interface PullProgress {
  note(note: LayerNote): PullTotals;
}

interface Layer {
  readonly doneBytes: number;
  readonly totalBytes: number | undefined;
}

export function createPullProgress(): PullProgress {
  const layers = new Map<string, Layer>();
  return {
    note(note) {
      layers.set(note.layer, after(note, layers.get(note.layer)));
      const all = [...layers.values()];
      const sum = (of: (layer: Layer) => number) => all.reduce((bytes, layer) => bytes + of(layer), 0);
      const knownBytes = sum(({ totalBytes }) => totalBytes ?? 0);
      return {
        doneBytes: sum(({ doneBytes }) => doneBytes),
        totalBytes: all.some(({ totalBytes }) => totalBytes === undefined) ? undefined : knownBytes,
        knownBytes,
      };
    },
  };
}

function after(note: LayerNote, before: Layer | undefined): Layer {
  switch (note.phase) {
    case 'waiting':
      return before ?? { doneBytes: 0, totalBytes: undefined };
    case 'downloading':
      return { doneBytes: note.doneBytes, totalBytes: note.totalBytes ?? before?.totalBytes };
    case 'downloaded': {
      // A layer that came in one piece, or was there already, never told its size.
      const size = before?.totalBytes ?? before?.doneBytes ?? 0;
      return { doneBytes: size, totalBytes: size };
    }
  }
}
