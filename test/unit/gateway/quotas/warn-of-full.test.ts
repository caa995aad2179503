import { expect } from 'chai';
import { createRoom } from '../../../../services/gateway/src/quotas/room.ts';
import { warnOfFull } from '../../../../services/gateway/src/quotas/warn-of-full.ts';
import { openStore } from '../../../../services/gateway/src/store/store.ts';
import { aJobId, anAddress, aNewJob } from '../a-job.ts';

const GB = 1e9;
const QUOTAS = { jobsPerAddress: 1_000, bytesPerAddress: 1e9, jobs: 1e6, bytes: 1e12 };

/** What is said at the start where addresses keep so much, each from a network of its own. */
async function warnings(keptGB: readonly number[], mostGB: number | undefined) {
  const store = openStore(':memory:');
  await store.write(() => {
    for (const [n, kept] of keptGB.entries()) {
      store.jobs.add(aNewJob({ jobId: aJobId(n + 1), owner: anAddress(n + 1), network: `10.0.0.${n}` }), '{}');
      store.usage.keep(aJobId(n + 1), 1, [{ filename: 'a', filesize: kept * GB, type: 'output', index: 0 }], null);
    }
  });
  const told: (readonly [object, string])[] = [];
  const room = createRoom(store, { ...QUOTAS, keptBytes: mostGB === undefined ? undefined : mostGB * GB });
  warnOfFull(room, { warn: (facts: object, text: string) => void told.push([facts, text]) });
  store.close();
  return told;
}

describe('who keeps all the results that they may', () => {
  it('is told of at the start, with what to do', async () => {
    const told = await warnings([30, 1], 100);
    expect(told.map(([facts]) => facts)).to.deep.equal([
      { address: anAddress(1), keptGB: 30, mostGB: 25 },
      { network: '10.0.0.0', keptGB: 30, mostGB: 25 },
    ]);
    for (const [, text] of told) expect(text).to.contain('wait').and.contain('gateway.quotas.keptResultsGB');
  });

  it('may be the node', async () => {
    const [[facts, text] = []] = await warnings([20, 20, 20, 20], 100);
    expect(facts).to.deep.equal({ node: 'all', keptGB: 80, mostGB: 75 });
    expect(text).to.contain('on this node');
  });

  it('is nobody below the quota, or where there is none', async () => {
    expect(await warnings([10, 10], 100)).to.deep.equal([]);
    expect(await warnings([10, 10], undefined)).to.deep.equal([]);
  });

  it('is not told of a hundred times', async () => {
    const told = await warnings(Array<number>(50).fill(60), 100);
    expect(told).to.have.length(11);
    expect(told.at(-1)?.[0]).to.deep.equal({ more: 91 });
  });
});
