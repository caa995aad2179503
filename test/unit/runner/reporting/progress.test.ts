import { expect } from 'chai';
import type { JobId } from '@capstan/shared/contract/ids';
import type { Progress } from '@capstan/shared/contract/progress';
import { createMeters } from '../../../../services/runner/src/reporting/progress.ts';

const identity = { jobId: '0123456789abcdef0123456789abcdef' as JobId, run: 1, attempt: 2 };

function aMeter() {
  const told: Progress[] = [];
  const clock = { now: () => 7, monotonicMs: () => 0 };
  const meter = createMeters({ identity, clock, tell: (progress) => told.push(progress) })('provision');
  return { meter, told };
}

describe('the meter of a phase', () => {
  it('tells at once, and then no more than now and then', () => {
    const { meter, told } = aMeter();
    for (let count = 0; count < 1_000; count++) meter.add(1);
    expect(told.map(({ doneBytes }) => doneBytes)).to.deep.equal([1]);
    meter.end();
  });

  it('has the last word when it ends, and only if there is one', () => {
    const { meter, told } = aMeter();
    meter.add(1);
    meter.add(41);
    meter.end();
    meter.end();
    expect(told.map(({ doneBytes }) => doneBytes)).to.deep.equal([1, 42]);
  });

  it('knows no total until something is expected, and says whose progress it is', () => {
    const { meter, told } = aMeter();
    meter.add(1);
    meter.expect(100);
    meter.expect(50);
    meter.add(1);
    meter.end();
    expect(told.map(({ totalBytes }) => totalBytes)).to.deep.equal([null, 150]);
    expect(told[0]).to.deep.include({ v: 1, ...identity, phase: 'provision', at: 7 });
  });
});
