import { mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { loadConfig } from '@capstan/shared/config/load';
import { dataPaths, nodeKeyOf } from '@capstan/shared/config/process';
import { DdoSchema } from '@capstan/shared/contract/ddo';
import { hasCode } from '@capstan/shared/contract/errors';
import { createLog } from '@capstan/shared/runtime/log';
import { loadOldKeys, nodeKeyFrom } from '@capstan/shared/crypto/node-key';
import { publicKeyOf, seal, unseal } from '@capstan/shared/crypto/seal';
import { compileStrict } from '@capstan/shared/schema/validate';
import { makeBackup } from '../../../scripts/backup/make.ts';
import { makeKey, rotateKey } from '../../../scripts/keys/rotate.ts';
import { temporaryFolder } from '../../../scripts/parts/temporary-folder.ts';
import { resealCatalogue } from '../../../services/gateway/src/assets/reseal-catalogue.ts';
import { addressOf, providersOf } from '../../../services/gateway/src/identity.ts';
import { openStore } from '../../../services/gateway/src/store/store.ts';
import { requireStoreThatWas } from '../../../services/gateway/src/store/was-there.ts';
import { someAssets } from '../../support/gateway/parts.ts';

const parseDdo = compileStrict('description', DdoSchema);
const codeOf = async (work: () => unknown) => {
  try {
    await work();
    return 'done';
  } catch (error) {
    return hasCode(error, 'INVALID_CONFIG', 'STORE_UNAVAILABLE') ? `${error.code}: ${error.message}` : String(error);
  }
};

describe('a node that gets a new key', () => {
  it('opens what was sealed to those before, and seals to the new one', async () => {
    await using folder = await temporaryFolder('keys');
    const config = loadConfig({ CAPSTAN_DATA_DIR: folder.path }, folder.path);
    const first = await nodeKeyOf(config);
    const sealed = [seal(publicKeyOf(first), 'one')];
    for (const content of ['two', 'three']) {
      const { before, now } = await rotateKey(join(folder.path, 'node.key'), new Date());
      expect(before).not.to.equal(now);
      sealed.push(seal(publicKeyOf(await nodeKeyOf(config)), content));
    }
    const key = await nodeKeyOf(config);
    expect(sealed.map((each) => unseal(key, each))).to.deep.equal(['one', 'two', 'three']);
    expect(publicKeyOf(key)).not.to.equal(publicKeyOf(first));
    expect(key.older()).to.have.length(2);
    expect(() => unseal(nodeKeyFrom('55'.repeat(32)), sealed[0] ?? '')).to.throw(/not encrypted to this node/);
    for (const name of await readdir(join(folder.path, 'old-keys'))) {
      expect((await stat(join(folder.path, 'old-keys', name))).mode & 0o777).to.equal(0o600);
    }
  });

  it('opens what was sealed to a stolen one, and takes no fees that it signs, from a backup neither', async () => {
    await using folder = await temporaryFolder('keys');
    const config = loadConfig({ CAPSTAN_DATA_DIR: folder.path }, folder.path);
    const retired = addressOf(await nodeKeyOf(config));
    await rotateKey(join(folder.path, 'node.key'), new Date(1_000));
    const stolen = await nodeKeyOf(config);
    const sealed = seal(publicKeyOf(stolen), 'one');
    await rotateKey(join(folder.path, 'node.key'), new Date(2_000), { isStolen: true });
    const key = await nodeKeyOf(config);
    expect(unseal(key, sealed)).to.equal('one');
    expect(key.older().map((each) => each.isStolen())).to.deep.equal([true, false]);
    expect(providersOf(key)).to.deep.equal([addressOf(key), retired]);
    const into = join(folder.path, 'copies');
    const now = new Date();
    const paths = dataPaths(config);
    const backup = {
      paths,
      dataDir: folder.path,
      into,
      hasResults: false,
      key,
      configFile: undefined,
      leftOut: [],
      now,
    };
    openStore(paths.store).close();
    const { dir } = await makeBackup(backup);
    const copied = await loadOldKeys(join(dir, 'old-keys'));
    expect(copied.map((each) => [addressOf(each), each.isStolen()])).to.deep.equal([
      [addressOf(stolen), true],
      [retired, false],
    ]);
  });

  it('has its catalogue sealed anew, and leaves what it can not open', async () => {
    await using folder = await temporaryFolder('keys');
    const [older, newer] = [nodeKeyFrom('22'.repeat(32)), nodeKeyFrom('44'.repeat(32), [nodeKeyFrom('22'.repeat(32))])];
    const { dataset } = someAssets();
    const foreign = seal(publicKeyOf(nodeKeyFrom('66'.repeat(32))), '[]');
    const services = [
      ...dataset.services,
      ...dataset.services.map((service) => ({ ...service, id: 'x', files: foreign })),
    ];
    await writeFile(join(folder.path, 'a.json'), JSON.stringify({ ...dataset, services, more: 'stays' }));
    await writeFile(join(folder.path, 'b.json'), 'no description');
    await mkdir(join(folder.path, 'files'));
    const log = createLog('test', 'silent');
    expect(await resealCatalogue({ dir: folder.path, key: older, log })).to.equal(0);
    expect(await resealCatalogue({ dir: folder.path, key: newer, log })).to.equal(1);
    expect(await resealCatalogue({ dir: folder.path, key: newer, log })).to.equal(0);
    const text = await readFile(join(folder.path, 'a.json'), 'utf8');
    const [own, other] = parseDdo(JSON.parse(text)).services;
    expect(text).to.contain('"more": "stays"');
    expect(unseal(nodeKeyFrom('44'.repeat(32)), own?.files ?? '')).to.equal(
      unseal(older, dataset.services[0]?.files ?? ''),
    );
    expect(other?.files).to.equal(foreign);
    expect((await readdir(folder.path)).toSorted()).to.deep.equal(['a.json', 'b.json', 'files']);
  });
});

describe('a description in a way of its own', () => {
  it('is sealed anew like any that can be read, and stays as it was written', async () => {
    await using folder = await temporaryFolder('keys');
    const [older, newer] = [nodeKeyFrom('22'.repeat(32)), nodeKeyFrom('44'.repeat(32), [nodeKeyFrom('22'.repeat(32))])];
    const { dataset } = someAssets();
    const odd = { credentials: [], nft: null, chainId: String(dataset.chainId), indexedMetadata: '' };
    const services = [...dataset.services, { id: 7, type: 'of another kind', files: 5 }];
    await writeFile(join(folder.path, 'a.json'), JSON.stringify({ ...dataset, ...odd, services }));
    expect(await resealCatalogue({ dir: folder.path, key: newer, log: createLog('test', 'silent') })).to.equal(1);
    const written = JSON.parse(await readFile(join(folder.path, 'a.json'), 'utf8')) as typeof dataset;
    expect(written).to.deep.include(odd);
    expect(written.services[1]).to.deep.equal(services[1]);
    expect(unseal(nodeKeyFrom('44'.repeat(32)), written.services[0]?.files ?? '')).to.equal(
      unseal(older, dataset.services[0]?.files ?? ''),
    );
  });
});

describe('a node whose key is gone', () => {
  it('does not get another one beside its store or its results without being told to', async () => {
    await using folder = await temporaryFolder('keys');
    const config = loadConfig({ CAPSTAN_DATA_DIR: folder.path }, folder.path);
    await mkdir(join(folder.path, 'store'));
    await writeFile(join(folder.path, 'store', 'capstan.db'), '');
    expect(await codeOf(() => nodeKeyOf(config))).to.match(/INVALID_CONFIG.*node\.key is gone.*npm run keys -- new/);
    expect(await readdir(folder.path)).to.deep.equal(['store']);
    await makeKey(join(folder.path, 'node.key'));
    expect(await codeOf(() => nodeKeyOf(config))).to.equal('done');
    expect(await codeOf(() => makeKey(join(folder.path, 'node.key')))).to.match(/There is a key/);
    await rm(join(folder.path, 'node.key'));
    await rm(join(folder.path, 'store'), { recursive: true });
    await mkdir(join(folder.path, 'results', 'a'.repeat(32)), { recursive: true });
    expect(await codeOf(() => nodeKeyOf(config))).to.match(/INVALID_CONFIG/);
  });
});

describe('a store that was there', () => {
  it('is not made anew when it is gone, nor opened in the middle of a restore', async () => {
    await using folder = await temporaryFolder('store');
    const path = join(folder.path, 'store', 'capstan.db');
    expect(await codeOf(() => requireStoreThatWas(path))).to.equal('done');
    await writeFile(join(folder.path, 'store-was-here'), '');
    expect(await codeOf(() => requireStoreThatWas(path))).to.match(/STORE_UNAVAILABLE.*is gone.*npm run restore/);
    await mkdir(join(folder.path, 'store'));
    await writeFile(path, '');
    expect(await codeOf(() => requireStoreThatWas(path))).to.equal('done');
    await writeFile(join(folder.path, 'restore-in-progress.json'), '{}');
    expect(await codeOf(() => requireStoreThatWas(path))).to.match(/STORE_UNAVAILABLE.*restore was not finished/);
  });
});
