import { expect } from 'chai';
import { uidOf } from '../../../../services/runner/src/environments/limits.ts';

const RANGE = { uid: 10_001, uids: 10_000 };

describe('the user of a job', () => {
  it('is its own, and the same whenever it is asked', () => {
    const uids = Array.from({ length: 1_000 }, (_, job) => uidOf(RANGE, 'node', String(job)));
    expect(new Set(uids).size).to.be.greaterThan(900);
    expect(uids.every((uid) => uid >= 10_001 && uid <= 20_000)).to.equal(true);
    expect(uidOf(RANGE, 'node', '7')).to.equal(uids[7]);
    expect(uidOf(RANGE, 'another', '7')).not.to.equal(uids[7]);
  });

  it('is that of all others where there is only one', () => {
    for (const job of 'abcdefgh') expect(uidOf({ uid: 7, uids: 1 }, 'node', job)).to.equal(7);
  });
});
