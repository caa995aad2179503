/** How a run ends of whose algorithm the engine does not say how it ended, though it answers all else. */
import { expect } from 'chai';
import { endingOf, type EndingLimits, type Outcome } from '../../../../services/runner/src/pipeline/ending.ts';

const limits: EndingLimits = {
  memoryBytes: 1e9,
  diskBytes: 1e9,
  maxFiles: 100,
  maxDurationS: 60,
  limitedBy: { memory: 'environment', disk: 'environment', duration: 'environment' },
};
const ended = (because: Outcome['because'], missing: readonly 'outputs'[] = []) => {
  const { code, termination } = endingOf({ because, exit: 'untold' }, { missing }, limits);
  return [code, termination.exitCode, termination.reason];
};
const UNTOLD = 'The container engine does not say how the algorithm ended.';

describe('an end that the engine does not tell of', () => {
  it('is no success, and no restart of the engine', () => {
    expect(ended('exit')).to.deep.equal([41, null, UNTOLD]);
    expect(ended('exit', ['outputs']).slice(0, 2)).to.deep.equal([61, null]);
  });

  it('has the reason for which the algorithm was told to end, and says that it may still run', () => {
    expect(ended('stop')).to.deep.equal([7, null, `The job was stopped on request. ${UNTOLD} It may still run.`]);
    expect(ended('time').slice(0, 2)).to.deep.equal([43, null]);
    for (const because of ['disk', 'log'] as const) expect(ended(because).slice(0, 2)).to.deep.equal([42, null]);
    for (const because of ['time', 'disk', 'log'] as const) expect(ended(because)[2]).to.match(/ It may still run\.$/);
  });
});
