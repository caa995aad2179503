import { createHash } from 'node:crypto';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { getAddress } from 'ethers';
import { parseDid } from '@capstan/shared/contract/ids';
import { nodeKeyFrom } from '@capstan/shared/node-key';
import { publicKeyOf, seal } from '@capstan/shared/seal';
import { openCatalogue } from '../../../scripts/catalogue/catalogue.ts';
import { COMMANDS } from '../../../scripts/catalogue/commands.ts';
import { temporaryFolder } from '../../../scripts/parts/temporary-folder.ts';
import { createAssets } from '../../../services/gateway/src/assets/assets.ts';
import { createCatalogue } from '../../../services/gateway/src/assets/catalogue.ts';
import { resolveInputs } from '../../../services/gateway/src/assets/resolve.ts';

const key = nodeKeyFrom('11'.repeat(32));

const aCatalogue = async () => {
  const folder = await temporaryFolder('unit');
  const dir = join(folder.path, 'catalogue');
  const file = join(folder.path, 'data.csv');
  await writeFile(file, 'a,b\n1,2\n');
  const catalogue = openCatalogue({ dir, key, chainId: 8996 });
  const context = { catalogue, workingDir: folder.path, environment: 'local' };
  const run = (name: string, ...words: readonly string[]) => {
    const command = COMMANDS[name];
    if (command === undefined) throw new Error(`no command ${name}`);
    return command(words, context);
  };
  return { dir, file, catalogue, run, [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose]() };
};

const problemOf = (work: Promise<unknown>) =>
  work.then(
    () => 'it did not fail',
    (error: unknown) => (error instanceof Error ? error.message : String(error)),
  );

describe('the catalogue command', () => {
  it('writes what the gateway reads, with the files sealed', async () => {
    await using scene = await aCatalogue();
    const { json } = await scene.run('add', 'data.csv', '--name', 'Data', '--allow-raw');
    const { did, serviceId } = json as { did: string; serviceId: string };
    const gateway = createCatalogue(scene.dir);
    const ddo = await gateway.find(did);
    expect(ddo?.metadata).to.deep.equal({ type: 'dataset', name: 'Data' });
    expect(JSON.stringify(ddo)).to.not.include('"path"');
    const [file] = scene.catalogue.files(ddo ?? expect.fail('the gateway does not find it'));
    expect(file).to.have.property('type', 'catalogue');
    const path = file?.type === 'catalogue' ? file.path : '';
    expect(await readFile(join(scene.dir, 'files', path), 'utf8')).to.equal('a,b\n1,2\n');

    const algorithm = (
      await scene.run('add', 'data.csv', '--type', 'algorithm', '--image', 'i', '--entrypoint', 'x $ALGO')
    ).json as { did: string; serviceId: string };
    const inputs = await resolveInputs(
      {
        consumerAddress: `0x${'1'.repeat(40)}`,
        dataset: { documentId: did, serviceId, transferTxId: '0x' },
        algorithm: { documentId: algorithm.did, serviceId: algorithm.serviceId, transferTxId: '0x' },
      },
      { assets: createAssets(gateway), seal: (text) => seal(publicKeyOf(key), text) },
    );
    expect(inputs.algorithm).to.have.property('kind', 'published');
  });

  it('takes the tokens that stand for an asset on a chain, and says what is wrong with them', async () => {
    await using scene = await aCatalogue();
    const nft = '0x19E7E376E7C213B7E7e7e46cc70A5dD086DAff2A';
    const datatoken = `0x${'ab'.repeat(20)}`;
    const token = ['--nft', nft.toLowerCase(), '--datatoken', datatoken];
    await scene.run('add', 'data.csv', ...token, '--lasts', '60');
    const [ddo] = await scene.catalogue.list();
    expect(ddo).to.have.property('nftAddress', nft);
    expect(ddo?.id).to.equal(`did:op:${createHash('sha256').update(`${nft}8996`).digest('hex')}`);
    expect(ddo?.services[0]).to.include({ datatokenAddress: getAddress(datatoken), timeout: 60 });
    expect(await problemOf(scene.run('add', 'data.csv', '--nft', nft))).to.match(/go together/);
    expect(await problemOf(scene.run('add', 'data.csv', ...token.slice(0, 3), 'x'))).to.match(/--datatoken x is no/);
    expect(await problemOf(scene.run('add', 'data.csv', '--lasts', 'long'))).to.match(/how many seconds/);
  });

  it('makes the DID as Ocean does, from the token and the chain', async () => {
    await using scene = await aCatalogue();
    const ddo = await scene.catalogue.add({ type: 'dataset', name: 'x', access: 'compute' }, ['https://data.org/x']);
    expect(ddo.id).to.equal(`did:op:${createHash('sha256').update(`${ddo.nftAddress}8996`).digest('hex')}`);
  });

  it('removes an asset together with its copied files', async () => {
    await using scene = await aCatalogue();
    const { json } = await scene.run('add', scene.file);
    const did = parseDid((json as { did: string }).did) ?? expect.fail('no DID');
    await scene.run('remove', did);
    expect(await readdir(scene.dir, { recursive: true })).to.deep.equal(['files']);
    expect(await problemOf(scene.run('remove', did))).to.include('has no asset');
  });

  it('leaves nothing behind when one of several files can not be taken', async () => {
    await using scene = await aCatalogue();
    expect(await problemOf(scene.run('add', 'data.csv', 'none.csv'))).to.match(/none\.csv can't be read/);
    expect(await readdir(scene.dir, { recursive: true })).to.deep.equal(['files']);
  });

  it('says what is wrong with its words', async () => {
    await using scene = await aCatalogue();
    const problems: readonly (readonly [RegExp, readonly string[]])[] = [
      [/Which file/, []],
      [/dataset or an algorithm/, ['x', '--type', 'model']],
      [/one of --access and --compute/, ['x', '--access', '--compute']],
      [/needs --image and --entrypoint/, ['x', '--type', 'algorithm']],
      [/needs --image and --entrypoint/, ['x', '--type', 'algorithm', '--image', 'i']],
      [/image's digest/, ['x', '--type', 'algorithm', '--image', 'i', '--entrypoint', 'e', '--checksum', 'abc']],
      [/are for algorithms/, ['x', '--image', 'i', '--entrypoint', 'e']],
      [/--allow-raw is for datasets/, ['x', '--access', '--allow-raw']],
      [/Give it a --name/, ['https://x.org/y?key=1']],
      [/neither an http\(s\) URL/, ['ftp://x.org/y', '--name', 'n']],
      [/Unknown option '--nmae'/, ['x', '--nmae', 'y']],
    ];
    for (const [problem, words] of problems) {
      expect(await problemOf(scene.run('add', ...words)), words.join(' ')).to.match(problem);
    }
  });

  it('shows where the files are to the owner alone', async () => {
    await using scene = await aCatalogue();
    const { json } = await scene.run('add', 'https://data.org/secret-place', '--name', 'Far away');
    const { did } = json as { did: string };
    expect((await scene.run('list')).text)
      .to.include(did)
      .and.not.include('secret-place');
    expect((await scene.run('show', did)).text).to.include('https://data.org/secret-place');
  });
});
