import { expect } from 'chai';
import type { JobId } from '@capstan/shared/contract/ids';
import { createBackoff } from '../../../../services/gateway/src/controller/backoff.ts';
import { aJobId } from '../a-job.ts';

const PATIENCE = {
  slow: { atOnce: 2, firstDelayMs: 1, longestDelayMs: 4 },
  quick: { atOnce: 100, firstDelayMs: 1, longestDelayMs: 1 },
};

function aBackoff() {
  const retried: JobId[] = [];
  let next = Promise.withResolvers<void>();
  const backoff = createBackoff({
    patience: PATIENCE,
    retry(jobId) {
      retried.push(jobId);
      next.resolve();
      next = Promise.withResolvers<void>();
    },
  });
  return { backoff, retried, untilRetried: () => next.promise };
}

describe('what failed, or is slow', () => {
  it('has few places, and who found none comes back when one is free', () => {
    const { backoff, retried } = aBackoff();
    const [first, second] = [1, 2].map((n) => backoff.enter(aJobId(n), 'slow'));
    expect(first).not.to.equal(undefined);
    expect(second).not.to.equal(undefined);
    expect(backoff.enter(aJobId(3), 'slow')).to.equal(undefined);
    expect(backoff.enter(aJobId(3), 'quick')).not.to.equal(undefined);
    first?.('done');
    expect(retried).to.deep.equal([aJobId(3)]);
    expect(backoff.enter(aJobId(3), 'slow')).not.to.equal(undefined);
    backoff.stop();
  });

  it('is not tried before its time, then comes back by itself, and is forgotten when it is done', async () => {
    const { backoff, retried, untilRetried } = aBackoff();
    const jobId = aJobId();
    for (let times = 0; times < 3; times += 1) {
      backoff.enter(jobId, 'slow')?.('failed');
      expect(backoff.enter(jobId, 'slow')).to.equal(undefined);
      expect(backoff.failing('slow')).to.equal(1);
      await untilRetried();
    }
    expect(retried).to.have.length(3);
    backoff.enter(jobId, 'slow')?.('done');
    expect(backoff.failing('slow')).to.equal(0);
    backoff.stop();
  });

  it('is tried at once when what kept it is over', () => {
    const { backoff, retried } = aBackoff();
    backoff.forgive(aJobId(), 'slow');
    expect(retried).to.deep.equal([]);
    backoff.enter(aJobId(), 'slow')?.('failed');
    backoff.forgive(aJobId(), 'slow');
    expect(retried).to.deep.equal([aJobId()]);
    expect(backoff.enter(aJobId(), 'slow')).not.to.equal(undefined);
    backoff.stop();
  });

  it('leaves its place to the next one if it is not to be done any more', () => {
    const { backoff, retried } = aBackoff();
    const leave = [1, 2].map((n) => backoff.enter(aJobId(n), 'slow'));
    for (const n of [3, 4, 5]) backoff.enter(aJobId(n), 'slow');
    leave[0]?.('done');
    expect(retried).to.deep.equal([aJobId(3)]);
    backoff.planned(aJobId(4), ['quick']);
    backoff.planned(aJobId(3), []);
    expect(retried).to.deep.equal([aJobId(3), aJobId(5)]);
    backoff.stop();
  });

  it('is forgotten, with its failures, when it is not to be done any more', () => {
    const { backoff } = aBackoff();
    backoff.enter(aJobId(), 'slow')?.('failed');
    backoff.planned(aJobId(), ['slow']);
    expect(backoff.failing('slow')).to.equal(1);
    backoff.planned(aJobId(), []);
    expect(backoff.failing('slow')).to.equal(0);
    backoff.stop();
  });

  it('is a thing of its own for each job', () => {
    const { backoff } = aBackoff();
    backoff.enter(aJobId(1), 'slow')?.('failed');
    expect(backoff.enter(aJobId(2), 'slow')).not.to.equal(undefined);
    backoff.stop();
  });
});
