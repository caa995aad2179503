import { systemClock } from '@capstan/shared/runtime/clock';
import { hasCode } from '@capstan/shared/contract/errors';
import { expect } from 'chai';
import {
  countingAssets,
  createOutsideBudget,
  questionsAbout,
} from '../../../../services/gateway/src/limits/outside-budget.ts';
import { createRateLimit } from '../../../../services/gateway/src/limits/rate-limit.ts';

const asset = { documentId: 'did:op:1', transferTxId: '0x1' };

describe('what a request makes the node ask of others', () => {
  const clock = { now: () => 0, monotonicMs: () => 0 };
  const isRefused = (work: () => void) => {
    try {
      work();
    } catch (error) {
      if (hasCode(error, 'TOO_MANY_REQUESTS')) return true;
      throw error;
    }
    return false;
  };

  it('is counted by its assets, and by the orders that they name', () => {
    expect(questionsAbout([asset, { documentId: 'did:op:2' }, {}])).to.equal(5);
  });

  it('is charged to its network, before anybody is asked', () => {
    const ask = createOutsideBudget({ perSecond: 1, burst: 7 }, true, clock);
    expect([1, 2, 3].map(() => isRefused(() => ask('10.0.0.1', [asset])))).to.deep.equal([false, false, true]);
    expect(isRefused(() => ask('10.0.0.2', [asset]))).to.equal(false);
    expect(isRefused(() => ask('10.0.0.1', [{}]))).to.equal(false);
  });

  it('costs nothing where there is nobody to ask', () => {
    const ask = createOutsideBudget({ perSecond: 1, burst: 1 }, false, clock);
    expect([1, 2, 3].some(() => isRefused(() => ask('10.0.0.1', [asset])))).to.equal(false);
  });
});

describe('a quote', () => {
  /** How many requests are left to whoever has asked for this. */
  const left = (assets: number, burst: number) => {
    const perIp = createRateLimit({ perSecond: 0.001, burst }, systemClock);
    perIp('network');
    countingAssets(
      perIp,
      burst,
      () => undefined,
    )(
      'network',
      Array.from({ length: assets }, () => ({})),
    );
    let more = 0;
    try {
      for (;;) {
        perIp('network');
        more += 1;
      }
    } catch {
      return more;
    }
  };

  it('counts as a request for each of its assets, and is no more than who asked for nothing lately may ask for', () => {
    expect([left(1, 10), left(4, 10), left(33, 10), left(2, 1)]).to.deep.equal([9, 6, 0, 0]);
  });
});
