import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Ddo } from '@capstan/shared/contract/ddo';
import type { Did } from '@capstan/shared/contract/ids';
import { expect } from 'chai';
import { createCatalogue } from '../../../../services/gateway/src/assets/catalogue.ts';

const didOf = (digit: string) => `did:op:${digit.repeat(64)}` as Did;
const aDataset = (digit: string): Ddo => ({
  id: didOf(digit),
  nftAddress: '0x1',
  chainId: 8996,
  version: '4.5.0',
  metadata: { type: 'dataset' },
  services: [{ id: 'compute', type: 'compute', files: '0xab', datatokenAddress: '0x1' }],
});

describe('the catalogue', () => {
  let dir: string;
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'capstan-catalogue-'));
  });
  afterEach(() => rm(dir, { recursive: true, force: true }));
  const put = (name: string, content: unknown) =>
    writeFile(join(dir, `${name}.json`), typeof content === 'string' ? content : JSON.stringify(content));

  it('finds an asset by its DID, with all that its description holds', async () => {
    const ddo = { ...aDataset('1'), extra: { kept: true } };
    await put('1'.repeat(64), ddo);
    expect(await createCatalogue(dir).find(didOf('1'))).to.deep.equal(ddo);
  });

  it('has no asset for anything else, and never looks outside its folder', async () => {
    await put('secret', aDataset('1'));
    const catalogue = createCatalogue(join(dir, 'missing'));
    for (const did of [didOf('2'), '', 'did:op:', 'did:op:../secret', '../secret', `did:op:${'../'.repeat(21)}x`]) {
      expect(await catalogue.find(did), did).to.equal(undefined);
    }
  });

  it('says which description is not valid, and why', async () => {
    await put('1'.repeat(64), 'no json');
    await put('2'.repeat(64), { ...aDataset('2'), services: {} });
    await put('3'.repeat(64), aDataset('1'));
    const problemOf = (digit: string) =>
      createCatalogue(dir)
        .find(didOf(digit))
        .then(() => 'none', String);
    expect(await problemOf('1')).to.contain(didOf('1'));
    expect(await problemOf('2')).to.contain('services');
    expect(await problemOf('3')).to.contain('another DID');
  });
});
