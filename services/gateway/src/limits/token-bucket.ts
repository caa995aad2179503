/** A token bucket, PURE: so many requests at once, and so many a second for long. */

export interface Bucket {
  readonly tokens: number;
  /** When `tokens` was true, in milliseconds of a monotonic clock. */
  readonly atMs: number;
}

export interface Rate {
  readonly perSecond: number;
  readonly burst: number;
}

export type Taken =
  | { readonly kind: 'taken'; readonly bucket: Bucket }
  /** `waitMs`: until there is a token again. */
  | { readonly kind: 'empty'; readonly bucket: Bucket; readonly waitMs: number };

/** `cost`: how many tokens; no more than there can be. */
export function take(bucket: Bucket | undefined, { perSecond, burst }: Rate, nowMs: number, cost = 1): Taken {
  const wanted = Math.min(cost, burst);
  const before = bucket ?? { tokens: burst, atMs: nowMs };
  const tokens = Math.min(burst, before.tokens + ((nowMs - before.atMs) / 1000) * perSecond);
  if (tokens >= wanted) return { kind: 'taken', bucket: { tokens: tokens - wanted, atMs: nowMs } };
  return { kind: 'empty', bucket: { tokens, atMs: nowMs }, waitMs: ((wanted - tokens) / perSecond) * 1000 };
}

/** Whether forgetting the bucket changes nothing. */
export function isFull({ tokens, atMs }: Bucket, { perSecond, burst }: Rate, nowMs: number): boolean {
  return tokens + ((nowMs - atMs) / 1000) * perSecond >= burst;
}
