/** Stretches of a log: each of one stream, with its place. */
import type { LogStream } from '@capstan/shared/contract/log';

export interface LogPart {
  readonly kind: 'part';
  readonly attempt: number;
  readonly stream: LogStream;
  readonly offset: number;
  readonly bytes: Buffer;
}

/** Another attempt has begun: what was read is of one that is over. */
export interface LogRestarted {
  readonly kind: 'restart';
  readonly attempt: number;
}

export type LogItem = LogPart | LogRestarted;

/** What one frame of a log holds at most. */
export const MAX_PART_BYTES = 64 * 1024;

interface Place {
  readonly attempt: number;
  readonly offset: number;
}

/** Bytes and the lengths of what follows one another in them, above zero of standard output. */
export function* partsOf(bytes: Buffer, segments: Iterable<number>, { attempt, offset }: Place): Generator<LogPart> {
  let at = 0;
  for (const segment of segments) {
    const end = Math.min(at + Math.abs(segment), bytes.length);
    const stream = segment > 0 ? 'stdout' : 'stderr';
    while (at < end) {
      const part = bytes.subarray(at, Math.min(end, at + MAX_PART_BYTES));
      yield { kind: 'part', attempt, stream, offset: offset + at, bytes: part };
      at += part.length;
    }
  }
}

/** The segments of one chunk after another, from an offset on. What they don't reach is of standard output. */
export function segmentCutter(segments: AsyncIterator<number>, from: number) {
  let left = 0;
  let skip = from;
  let isOver = false;
  const next = async () => {
    const { done, value } = await segments.next();
    if (done === true) isOver = true;
    else left = value;
  };
  return async function cut(length: number): Promise<readonly number[]> {
    const found: number[] = [];
    let wanted = length;
    while (wanted > 0) {
      if (left === 0 && !isOver) await next();
      if (left === 0 && isOver) {
        found.push(wanted);
        break;
      }
      const sign = Math.sign(left);
      const skipped = Math.min(skip, Math.abs(left));
      skip -= skipped;
      left -= sign * skipped;
      const taken = Math.min(wanted, Math.abs(left));
      if (taken > 0) found.push(sign * taken);
      left -= sign * taken;
      wanted -= taken;
    }
    return found;
  };
}
