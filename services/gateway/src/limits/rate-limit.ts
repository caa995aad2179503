/** Bounds how much one client asks: a bucket for each key, and for the site of those that are networks, in bounded memory. */
import type { Clock } from '@capstan/shared/runtime/clock';
import { CapstanError } from '@capstan/shared/contract/errors';
import { SHARES_OF_A_SITE, siteOf } from './sites.ts';
import { isFull, take, type Bucket, type Rate } from './token-bucket.ts';

/** Beyond this many clients at once, the full buckets are forgotten; they say nothing. */
const MANY = 10_000;

/** Throws TOO_MANY_REQUESTS for a key that has used up its tokens. */
export type RateLimit = (key: string, cost?: number) => void;

/** `what` there may be too many of: for whom limits several things. */
export function createRateLimit(rate: Rate, clock: Clock, what = 'requests'): RateLimit {
  if (rate.perSecond === 0) return () => undefined;
  const own = createBuckets(rate);
  const ofSites = createBuckets({ perSecond: rate.perSecond * SHARES_OF_A_SITE, burst: rate.burst * SHARES_OF_A_SITE });

  return (key, cost) => {
    const nowMs = clock.monotonicMs();
    const site = siteOf(key);
    const waitMs = own.take(key, nowMs, cost) || (site === key ? 0 : ofSites.take(site, nowMs, cost));
    if (waitMs === 0) return;
    const seconds = Math.ceil(waitMs / 1000);
    throw new CapstanError('TOO_MANY_REQUESTS', `Too many ${what}. Try again in ${seconds} s.`, {
      headers: { 'Retry-After': String(seconds) },
    });
  };
}

/** `take` returns how long there is none, 0 if it was taken. */
function createBuckets(rate: Rate) {
  const buckets = new Map<string, Bucket>();
  let forgetAt = MANY;

  const forgetFull = (nowMs: number) => {
    for (const [key, bucket] of buckets) if (isFull(bucket, rate, nowMs)) buckets.delete(key);
    // So many clients at once that none is idle: look again only when there are twice as many.
    forgetAt = Math.max(MANY, buckets.size * 2);
  };

  return {
    take(key: string, nowMs: number, cost: number | undefined): number {
      const taken = take(buckets.get(key), rate, nowMs, cost);
      buckets.set(key, taken.bucket);
      if (buckets.size > forgetAt) forgetFull(nowMs);
      return taken.kind === 'taken' ? 0 : taken.waitMs;
    },
  };
}
