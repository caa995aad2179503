/**
 * How much a log grows after it was cut off, PURE. Nobody keeps that, and yet the engine pays for it: a flood of lines takes one of its cores
 * for as long as the job runs.
 */
import type { LogFrame } from '../docker/ports/containers.ts';
import { costOf, type LogLimits } from './log-state.ts';

/** A log may be so many times as long as is kept of it. */
export const FLOOD_FACTOR = 10;

export interface FloodGauge {
  /** Whether it has become too much. */
  counts(frames: readonly LogFrame[]): boolean;
}

/** Of a log that is read from its beginning each time: what was counted before is known by its time. */
export function createFloodGauge({ maxBytes, engineBytes }: LogLimits): FloodGauge {
  let [bytes, cost, last] = [0, 0, ''];
  return {
    counts(frames) {
      for (const frame of frames) {
        if (frame.at < last) continue;
        bytes += frame.bytes.length;
        cost += costOf(frame);
      }
      last = frames.at(-1)?.at ?? last;
      return bytes > FLOOD_FACTOR * maxBytes || cost > FLOOD_FACTOR * engineBytes;
    },
  };
}
