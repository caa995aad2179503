/**
 * What is kept of a log, PURE: how far the engine's log was read, where it is cut off, and what stands in it where the engine has lost
 * something. The engine keeps its log in one file that it begins anew when that is full, and nobody could follow it through that: so it is
 * cut off, with a mark, before.
 */
import type { LogStream } from '@capstan/shared/contract/log';
import { MB } from '@capstan/shared/contract/sizes';
import type { LogFrame } from '../docker/ports/containers.ts';
import { addSegment, segmentOf, type Segments } from './segments.ts';

export interface LogLimits {
  /** Of the log itself. */
  readonly maxBytes: number;
  /** Of the file that the engine keeps it in. */
  readonly engineBytes: number;
}

export interface LogState {
  readonly sizeBytes: number;
  /** What the log so far takes in the engine's file, at most. */
  readonly cost: number;
  readonly isFull: boolean;
  /** The engine gave no more of it: what is missing was looked for, and nobody looks again. */
  readonly isBrokenOff?: true;
  /** The last piece of the engine's log that was taken of each stream, and of which one it was; none before the first, and after a gap. */
  readonly last?: LogStream;
  readonly marks?: Marks;
}

/** A piece by its time, and by its number among those of that stream and time. */
interface Mark {
  readonly at: string;
  readonly count: number;
}
type Marks = Readonly<Partial<Record<LogStream, Mark>>>;

/** A place in the engine's log. */
export interface Anchor extends Mark {
  readonly stream: LogStream;
}

/** Up to where the engine's log was taken. */
export function anchorOf({ last, marks }: LogState): Anchor | undefined {
  const mark = last && marks?.[last];
  return mark && { stream: last, ...mark };
}

export interface Addition {
  readonly segments: Segments;
  readonly bytes: Buffer;
  readonly state: LogState;
}

/** Beside its text the engine writes these for each piece, at most; for one of a line that had to be cut, 100 more. */
const PIECE_BYTES = 32;
const CUT_LINE_SHARE = 1 / 128;

const GAP = '\n[a part of the log is missing here: the container engine did not keep it]\n';
const OPEN_END =
  '\n[the end of the log may be missing here: the container engine was stopped, restarted or away when the algorithm ended]\n';
const cutOff = (why: string) => `\n[the log is cut off here: ${why}]\n`;

/** What a piece takes in the engine's file, at most. */
export const costOf = ({ bytes }: Pick<LogFrame, 'bytes'>) => bytes.length * (1 + CUT_LINE_SHARE) + PIECE_BYTES;

/** `isBrokenOff`: the engine gives no more of it. `isOpenEnd`: nobody knows whether that was all. */
type News =
  | { readonly frames: readonly LogFrame[] }
  | { readonly isGap: true }
  | { readonly isBrokenOff: true }
  | { readonly isOpenEnd: true };

export function addToLog(before: LogState, news: News, limits: LogLimits): Addition {
  if (before.isFull) return { segments: [], bytes: Buffer.alloc(0), state: before };
  if ('isGap' in news) {
    // The engine's file has begun anew.
    const bytes = Buffer.from(GAP);
    const state = { sizeBytes: before.sizeBytes + bytes.length, cost: 0, isFull: false };
    return { segments: [segmentOf('stderr', bytes.length)], bytes, state };
  }
  if ('isBrokenOff' in news) {
    const bytes = Buffer.from(GAP);
    const state = { ...before, sizeBytes: before.sizeBytes + bytes.length, isFull: true, isBrokenOff: true } as const;
    return { segments: [segmentOf('stderr', bytes.length)], bytes, state };
  }
  if ('isOpenEnd' in news) {
    const bytes = Buffer.from(OPEN_END);
    // Nothing comes after it, and it is not said twice, whoever looks at the log again.
    const state = { ...before, sizeBytes: before.sizeBytes + bytes.length, isFull: true };
    return { segments: [segmentOf('stderr', bytes.length)], bytes, state };
  }
  const segments: number[] = [];
  const parts: Buffer[] = [];
  const marks: Partial<Record<LogStream, Mark>> = { ...before.marks };
  let { sizeBytes, cost, last } = before;
  const take = (stream: LogStream, bytes: Buffer) => {
    addSegment(segments, segmentOf(stream, bytes.length));
    parts.push(bytes);
    sizeBytes += bytes.length;
  };
  const cut = (stream: LogStream, why: string): Addition => {
    take(stream, Buffer.from(cutOff(why)));
    return { segments, bytes: Buffer.concat(parts), state: { sizeBytes, cost, isFull: true } };
  };
  for (const { stream, at, bytes } of news.frames) {
    cost += costOf({ bytes });
    if (sizeBytes + bytes.length > limits.maxBytes) {
      take(stream, bytes.subarray(0, Math.max(0, limits.maxBytes - sizeBytes)));
      return cut(stream, `at most ${limits.maxBytes / MB} MB of it are kept`);
    }
    if (cost > limits.engineBytes) return cut(stream, 'it has more short lines than are kept');
    take(stream, bytes);
    marks[stream] = { at, count: marks[stream]?.at === at ? marks[stream].count + 1 : 1 };
    last = stream;
  }
  const state = { sizeBytes, cost, isFull: false, ...(last && { last, marks }) };
  return { segments, bytes: Buffer.concat(parts), state };
}

/** Lets through what comes after a place, of a log that is read from its beginning. */
export function afterAnchor(anchor: Anchor): (frames: readonly LogFrame[]) => readonly LogFrame[] | undefined {
  let left = anchor.count;
  return (frames) => {
    if (left === 0) return frames;
    for (const [index, frame] of frames.entries()) {
      if (frame.stream === anchor.stream && frame.at === anchor.at) left -= 1;
      if (left === 0) return frames.slice(index + 1);
    }
    return undefined;
  };
}
