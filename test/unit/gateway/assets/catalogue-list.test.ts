import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { systemClock } from '@capstan/shared/runtime/clock';
import type { Ddo } from '@capstan/shared/contract/ddo';
import { didSuffix, type Did } from '@capstan/shared/contract/ids';
import type { DdoSource } from '../../../../services/gateway/src/assets/assets.ts';
import { createCatalogueList } from '../../../../services/gateway/src/assets/catalogue-list.ts';
import { createCatalogue } from '../../../../services/gateway/src/assets/catalogue.ts';
import { describeResults } from '../../../../services/gateway/src/assets/result-asset.ts';

/** After all results in the order of names. */
const OWN = `did:op:${'f'.repeat(64)}` as Did;
const own: Ddo = {
  id: OWN,
  nftAddress: '0x1',
  chainId: 8996,
  version: '4.5.0',
  metadata: { type: 'dataset' },
  services: [{ id: 'compute', type: 'compute', files: '0xab', datatokenAddress: '0x1' }],
};
const resultsOf = (n: number): Ddo =>
  describeResults(
    {
      jobId: createHash('md5').update(String(n)).digest('hex'),
      run: 1,
      results: [{ index: 0, filename: 'a.txt', filesize: 1, type: 'output' } as never],
    },
    { owner: `0x${'1'.repeat(40)}`, chainId: 8996, seal: () => '0xab' },
  );

describe('the list of the catalogue, among very many results of jobs', () => {
  let dir: string;
  before(async () => {
    dir = await mkdtemp(join(tmpdir(), 'capstan-catalogue-'));
    const put = (ddo: Ddo) => writeFile(join(dir, `${didSuffix(ddo.id)}.json`), JSON.stringify(ddo));
    await Promise.all([put(own), ...Array.from({ length: 1_100 }, (_, n) => put(resultsOf(n)))]);
  });
  after(() => rm(dir, { recursive: true, force: true }));

  const counted = () => {
    const catalogue = createCatalogue(dir);
    let reads = 0;
    const source: DdoSource = {
      find(did) {
        reads += 1;
        return catalogue.find(did);
      },
    };
    return { source, reads: () => reads };
  };

  it('has what the operator offers, and reads results once', async () => {
    const { source, reads } = counted();
    let nowMs = 0;
    const clock = { ...systemClock, monotonicMs: () => nowMs };
    const list = createCatalogueList({ dir, catalogue: source, clock });
    expect((await list()).map(({ id }) => id)).to.deep.equal([OWN]);
    const before = reads();
    nowMs = 10_000;
    expect((await list()).map(({ id }) => id)).to.deep.equal([OWN]);
    expect(reads() - before).to.equal(1);
  });

  it("keeps the operator's descriptions in memory, whatever else is asked for", async () => {
    const catalogue = createCatalogue(dir);
    const first = await catalogue.find(OWN);
    for (let n = 0; n < 1_100; n += 1) await catalogue.find(resultsOf(n).id);
    expect(await catalogue.find(OWN), 'the very same').to.equal(first);
  });
});
