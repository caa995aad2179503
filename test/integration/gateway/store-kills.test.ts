import { expect } from 'chai';
import { temporaryFolder } from '../../../scripts/parts/temporary-folder.ts';
import { seeded } from '../../chaos/seeded.ts';
import { killDuringCommits } from '../../chaos/store-kills.ts';

describe('a store whose process is killed while it commits', () => {
  it('opens again, is whole, and has all that was acknowledged', async function () {
    await using folder = await temporaryFolder('store-kills');
    const signal = new AbortController().signal;
    const { acknowledged, lost } = await killDuringCommits({ dir: folder.path, times: 10, random: seeded(7), signal });
    expect(lost).to.deep.equal([]);
    expect(acknowledged).to.be.greaterThan(10);
  });
});
