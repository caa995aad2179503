/** So many of something an hour for the whole node, a quarter of them at once. */
import type { Clock } from '@capstan/shared/runtime/clock';
import { createRateLimit, type RateLimit } from './rate-limit.ts';
import { take, type Bucket } from './token-bucket.ts';

export interface Budget {
  /** Whether there is one left, which is spent then. */
  spend(): boolean;
  /** One that was spent turned out to cost nothing. */
  giveBack(): void;
}

export function createBudget(perHour: number, clock: Clock): Budget {
  if (perHour === 0) return { spend: () => false, giveBack: () => undefined };
  const rate = { perSecond: perHour / 3_600, burst: Math.max(1, Math.floor(perHour / 4)) };
  let bucket: Bucket | undefined;
  return {
    spend() {
      const taken = take(bucket, rate, clock.monotonicMs());
      ({ bucket } = taken);
      return taken.kind === 'taken';
    },
    giveBack() {
      if (bucket) bucket = { ...bucket, tokens: Math.min(rate.burst, bucket.tokens + 1) };
    },
  };
}

/** What one network may have of such a budget: a quarter, so that nobody uses it up for all. `what` it is of, for who had enough. */
export function createShareLimit(perHour: number, clock: Clock, what: string): RateLimit {
  if (perHour === 0) return () => undefined;
  return createRateLimit({ perSecond: perHour / 4 / 3_600, burst: Math.max(1, Math.floor(perHour / 16)) }, clock, what);
}
