/**
 * What a source must give on average. Silence has a limit of its own, but a source that gives a byte now and then is never silent, and
 * would hold a job's place for as long as a download may take.
 */
import type { Clock } from '@capstan/shared/runtime/clock';
import { interrupted } from './source.ts';

interface LeastRate {
  /** 0: whatever comes. */
  readonly minBytesPerSecond: number;
  readonly minRateGraceS: number;
}

/** What came fast makes up for a silence later, but not for hours of dripping. */
const MOST_CREDIT = 10;

/**
 * A stage of a pipeline. Waiting adds to a debt, bytes pay it back. Only waiting for the source counts: where the engine or the disk
 * takes the bytes slowly, the next ones are there already.
 */
export function atLeast({ minBytesPerSecond, minRateGraceS }: LeastRate, clock: Pick<Clock, 'monotonicMs'>) {
  const graceMs = minRateGraceS * 1_000;
  return async function* passed(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    let debtMs = 0;
    let askedAt = clock.monotonicMs();
    for await (const chunk of source) {
      const waitedMs = clock.monotonicMs() - askedAt;
      const paidMs = minBytesPerSecond === 0 ? waitedMs : (chunk.length / minBytesPerSecond) * 1_000;
      debtMs = Math.max(-MOST_CREDIT * graceMs, debtMs + waitedMs - paidMs);
      if (debtMs > graceMs) {
        throw interrupted(
          `its server gave fewer than ${minBytesPerSecond} bytes a second, the least this node waits for`,
        );
      }
      yield chunk;
      askedAt = clock.monotonicMs();
    }
  };
}
