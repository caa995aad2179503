import { CapstanError } from '@capstan/shared/contract/errors';
import { expect } from 'chai';
import fc from 'fast-check';
import { createRateLimit } from '../../../../services/gateway/src/limits/rate-limit.ts';
import { isFull, take, type Bucket, type Rate } from '../../../../services/gateway/src/limits/token-bucket.ts';

const rates: fc.Arbitrary<Rate> = fc.record({
  perSecond: fc.double({ min: 0.01, max: 1_000, noNaN: true }),
  burst: fc.integer({ min: 1, max: 1_000 }),
});
/** How long after the one before each request comes, in milliseconds. */
const pauses = fc.array(fc.integer({ min: 0, max: 5_000 }), { minLength: 1, maxLength: 300 });

/** When requests that come with these pauses were let through. */
function letThrough(rate: Rate, gaps: readonly number[]): readonly number[] {
  let bucket: Bucket | undefined;
  let nowMs = 0;
  const times: number[] = [];
  for (const gap of gaps) {
    nowMs += gap;
    const taken = take(bucket, rate, nowMs);
    bucket = taken.bucket;
    if (taken.kind === 'taken') times.push(nowMs);
  }
  return times;
}

describe('a token bucket', () => {
  it('never lets more through in any span of time than burst and rate allow', () => {
    fc.assert(
      fc.property(rates, pauses, (rate, gaps) => {
        const times = letThrough(rate, gaps);
        let worst = { taken: 0, allowed: rate.burst };
        for (const [i, from] of times.entries()) {
          for (const [j, to] of times.entries()) {
            if (j < i) continue;
            const span = { taken: j - i + 1, allowed: rate.burst + ((to - from) / 1000) * rate.perSecond };
            if (span.taken - span.allowed > worst.taken - worst.allowed) worst = span;
          }
        }
        expect(worst.taken).to.be.at.most(worst.allowed + 1e-6);
      }),
      { numRuns: 50 },
    );
  });

  it('takes several at once where a request costs as many, and never asks for more than there can be', () => {
    const rate = { perSecond: 1, burst: 10 };
    const first = take(undefined, rate, 0, 4);
    const second = take(first.bucket, rate, 0, 7);
    expect([first.kind, second.kind]).to.deep.equal(['taken', 'empty']);
    expect(second).to.include({ waitMs: 1_000 });
    expect(take(undefined, rate, 0, 99)).to.deep.include({ kind: 'taken', bucket: { tokens: 0, atMs: 0 } });
  });

  it('always lets as many through at once as the burst says', () => {
    fc.assert(
      fc.property(rates, (rate) => {
        const gaps = Array.from({ length: rate.burst + 5 }, () => 0);
        expect(letThrough(rate, gaps)).to.have.length(rate.burst);
      }),
    );
  });

  it('has a token when it said it would, and none a little before', () => {
    fc.assert(
      fc.property(rates, pauses, (rate, gaps) => {
        let bucket: Bucket | undefined;
        let nowMs = 0;
        for (const gap of [...gaps, ...Array.from({ length: rate.burst + 1 }, () => 0)]) {
          nowMs += gap;
          const taken = take(bucket, rate, nowMs);
          bucket = taken.bucket;
          if (taken.kind === 'taken') continue;
          expect(taken.waitMs).to.be.greaterThan(0);
          expect(take(bucket, rate, nowMs + taken.waitMs + 1e-6).kind).to.equal('taken');
          // Nothing can be a little before less than a nanosecond: the sum is rounded to now, or to then.
          if (taken.waitMs > 1e-6) expect(take(bucket, rate, nowMs + taken.waitMs * 0.9).kind).to.equal('empty');
        }
      }),
      { numRuns: 50 },
    );
  });

  it('is full exactly when forgetting it changes nothing', () => {
    const buckets = fc.record({ tokens: fc.double({ min: 0, max: 100, noNaN: true }), atMs: fc.constant(0) });
    fc.assert(
      fc.property(rates, buckets, fc.integer({ min: 0, max: 100_000 }), (rate, bucket, nowMs) => {
        fc.pre(bucket.tokens <= rate.burst);
        if (!isFull(bucket, rate, nowMs)) return;
        expect(take(bucket, rate, nowMs).bucket.tokens).to.equal(take(undefined, rate, nowMs).bucket.tokens);
      }),
    );
  });
});

describe('a rate limit', () => {
  const at = (clock: { nowMs: number }) => ({ now: () => clock.nowMs, monotonicMs: () => clock.nowMs });

  it('says when to come back, and means it', () => {
    const clock = { nowMs: 0 };
    const limit = createRateLimit({ perSecond: 0.5, burst: 1 }, at(clock));
    limit('a');
    limit('b');
    try {
      limit('a');
      expect.fail('it was let through');
    } catch (error) {
      if (!(error instanceof CapstanError)) throw error;
      expect(error.code).to.equal('TOO_MANY_REQUESTS');
      expect(error.facts.headers).to.deep.equal({ 'Retry-After': '2' });
    }
    clock.nowMs = 2_000;
    limit('a');
  });

  it('of 0 a second is none', () => {
    const limit = createRateLimit({ perSecond: 0, burst: 1 }, at({ nowMs: 0 }));
    for (let i = 0; i < 1_000; i += 1) limit('a');
  });

  it('still counts those who came often when a million others came once', () => {
    const clock = { nowMs: 0 };
    const limit = createRateLimit({ perSecond: 1, burst: 2 }, at(clock));
    limit('often');
    limit('often');
    for (let i = 0; i < 1_000_000; i += 1) {
      if (i % 100_000 === 0) clock.nowMs += 50;
      limit(`once-${i}`);
    }
    expect(() => limit('often')).to.throw(CapstanError);
  });
});
