/** Pieces of a log as lines, PURE: a piece may end in the middle of one, and stdout and stderr each have theirs. */
import { plain } from './format.ts';

export type Stream = 'stdout' | 'stderr';

export interface Line {
  readonly id: number;
  readonly stream: Stream;
  readonly text: string;
}

export interface LogLines {
  /** The lines that are new, or longer than before, in their order. */
  add(stream: Stream, text: string): readonly Line[];
}

/** Longest part of a line that is shown; what comes behind it goes to a new one. */
const MAX_LINE = 4_000;

export function createLogLines(): LogLines {
  /** The line of each stream that has no end yet. */
  const open = new Map<Stream, Line>();
  let count = 0;

  return {
    add(stream, text) {
      const changed: Line[] = [];
      const parts = plain(text).split('\n');
      for (const [index, part] of parts.entries()) {
        const isLast = index === parts.length - 1;
        // Behind the last line end, nothing has begun.
        if (isLast && part === '') break;
        let rest = part;
        do {
          const before = open.get(stream);
          const room = MAX_LINE - (before?.text.length ?? 0);
          const piece = rest.slice(0, room);
          rest = rest.slice(piece.length);
          const line = before ? { ...before, text: before.text + piece } : { id: (count += 1), stream, text: piece };
          changed.push(line);
          if (rest === '' && isLast) open.set(stream, line);
          else open.delete(stream);
        } while (rest !== '');
      }
      return changed;
    },
  };
}
