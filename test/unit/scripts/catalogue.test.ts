import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect } from 'chai';
import { getAddress } from 'ethers';
import { didSuffix, parseDid } from '@capstan/shared/contract/ids';
import { nodeKeyFrom } from '@capstan/shared/crypto/node-key';
import { publicKeyOf, seal } from '@capstan/shared/crypto/seal';
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
  const answers = { again: false };
  const context = {
    catalogue,
    workingDir: folder.path,
    environment: () => Promise.resolve('local'),
    confirm: () => Promise.resolve(answers.again),
  };
  const run = (name: string, ...words: readonly string[]) => {
    const command = COMMANDS[name];
    if (command === undefined) throw new Error(`no command ${name}`);
    return command(words, context);
  };
  return {
    dir,
    file,
    catalogue,
    run,
    answers,
    path: folder.path,
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  };
};

const problemOf = (work: Promise<unknown>) =>
  work.then(
    () => 'it did not fail',
    (error: unknown) => (error instanceof Error ? error.message : String(error)),
  );

describe('the catalogue command', () => {
  it('keeps how the name of a file ends, for those who download it, and no more of the name', async () => {
    await using scene = await aCatalogue();
    const odd = join(scene.path, 'notes.of Alice');
    await writeFile(odd, 'text');
    await scene.run('add', scene.file, odd);
    const [first, second] = (await readdir(join(scene.dir, 'files'))).toSorted((a, b) => b.length - a.length);
    expect(first).to.match(/^[0-9a-f]{32}\.csv$/);
    expect(second).to.match(/^[0-9a-f]{32}$/);
  });

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
      { assets: createAssets(gateway), seal: (text) => seal(publicKeyOf(key), text), trustWithoutChecksums: false },
    );
    expect(inputs.algorithm).to.have.property('kind', 'published');
  });

  it('takes the tokens that stand for an asset on a chain, and says what is wrong with them', async () => {
    await using scene = await aCatalogue();
    const nft = '0x19E7E376E7C213B7E7e7e46cc70A5dD086DAff2A';
    const datatoken = `0x${'ab'.repeat(20)}`;
    const token = ['--nft', nft.toLowerCase(), '--datatoken', datatoken];
    await scene.run('add', 'data.csv', ...token, '--lasts', '60');
    const [ddo] = (await scene.catalogue.list()).ddos;
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
    const asset = { type: 'dataset', name: 'x', access: 'compute' } as const;
    const adding = scene.catalogue.add(asset, [scene.file, join(scene.dir, 'none.csv')]);
    expect(await problemOf(adding)).to.match(/There is no file .*none\.csv\./);
    expect(await readdir(scene.dir, { recursive: true })).to.deep.equal(['files']);
  });

  it('says of what is no single file that it is none, before anything else', async () => {
    await using scene = await aCatalogue();
    expect(await problemOf(scene.run('add', 'none.csv'))).to.match(/^There is no file .*none\.csv\.$/);
    expect(await problemOf(scene.run('add', dirname(scene.file)))).to.match(/is not a file\. Add single files/);
  });

  it('keeps the files that it had, and those alone, where a change can not be written', async () => {
    await using scene = await aCatalogue();
    const ddo = await scene.catalogue.add({ type: 'dataset', name: 'x', access: 'compute' }, [scene.file]);
    const description = join(scene.dir, `${didSuffix(ddo.id)}.json`);
    await rm(description);
    await mkdir(description);
    const before = await readdir(join(scene.dir, 'files'));
    expect(await problemOf(scene.catalogue.update(ddo, [scene.file]))).to.match(/EISDIR|ENOTEMPTY|EEXIST/);
    expect(await readdir(join(scene.dir, 'files'))).to.deep.equal(before);
  });

  it('offers nothing twice unaware', async () => {
    await using scene = await aCatalogue();
    await scene.run('add', 'data.csv', '--name', 'Data');
    await writeFile(join(scene.path, 'copy.csv'), 'a,b\n1,2\n');
    expect(await problemOf(scene.run('add', 'copy.csv'))).to.match(/"Data" \(did:op:.*copy\.csv already/);
    expect((await scene.catalogue.list()).ddos).to.have.length(1);
    await scene.run('add', 'copy.csv', '--again');
    scene.answers.again = true;
    await scene.run('add', 'copy.csv');
    expect((await scene.catalogue.list()).ddos).to.have.length(3);
  });

  it('can be filled again after the key was lost', async () => {
    await using scene = await aCatalogue();
    await scene.run('add', 'data.csv');
    const other = openCatalogue({ dir: scene.dir, key: nodeKeyFrom('22'.repeat(32)), chainId: 8996 });
    expect(await other.sameAs(scene.file, 'dataset')).to.deep.equal([]);
    expect(await scene.catalogue.sameAs(scene.file, 'dataset')).to.have.length(1);
  });

  it('takes only the file that it shall be', async () => {
    await using scene = await aCatalogue();
    const sum = createHash('sha256').update('a,b\n1,2\n').digest('hex');
    expect(await problemOf(scene.run('add', 'data.csv', '--sha256', 'f'.repeat(64)))).to.include(sum);
    expect(await readdir(scene.dir, { recursive: true })).to.deep.equal(['files']);
    await scene.run('add', 'data.csv', '--sha256', sum.toUpperCase());
    const [ddo] = (await scene.catalogue.list()).ddos;
    expect(scene.catalogue.files(ddo ?? expect.fail('nothing added'))[0]).to.have.property('sha256', sum);
  });

  it('trusts algorithms by what they are, and says who may use an asset', async () => {
    await using scene = await aCatalogue();
    const digest = `sha256:${'1'.repeat(64)}`;
    const options = ['--type', 'algorithm', '--image', 'i', '--entrypoint', 'x $ALGO'];
    const algorithm = (await scene.run('add', 'data.csv', ...options)).json as { did: string };
    await writeFile(join(scene.path, 'set.csv'), '1');
    expect(await problemOf(scene.run('add', 'set.csv', '--trust', algorithm.did))).to.match(
      /names no digest.*docker image inspect/s,
    );
    await scene.run('update', algorithm.did, '--checksum', digest);
    const who = '0x19E7E376E7C213B7E7e7e46cc70A5dD086DAff2A';
    const words = ['--trust', algorithm.did, '--trust-publisher', who, '--allow', who.toLowerCase()];
    const { did } = (await scene.run('add', 'set.csv', ...words)).json as { did: string };
    const ddo = await createCatalogue(scene.dir).find(did);
    const sum = (text: string) => createHash('sha256').update(text).digest('hex');
    expect(ddo?.services[0]?.compute).to.deep.include({
      publisherTrustedAlgorithms: [
        {
          did: algorithm.did,
          filesChecksum: sum('a,b\n1,2\n'),
          containerSectionChecksum: sum(`x $ALGO${digest}`),
        },
      ],
      publisherTrustedAlgorithmPublishers: [who],
    });
    expect(ddo?.credentials?.allow).to.deep.equal([{ type: 'address', values: [who] }]);
    await scene.run('update', did, '--trust-nobody');
    expect((await scene.run('show', did)).text).to.include('no published algorithm');
  });

  it('changes an asset in place: words, rights and files', async () => {
    await using scene = await aCatalogue();
    const { did } = (await scene.run('add', 'data.csv', '--allow-raw')).json as { did: string };
    await writeFile(join(scene.path, 'data.csv'), 'new');
    const words = ['data.csv', '--name', 'New', '--description', 'What is new.', '--no-allow-raw', '--lasts', '60'];
    await scene.run('update', did, ...words);
    const ddo = (await createCatalogue(scene.dir).find(did)) ?? expect.fail('it is gone');
    expect(ddo.metadata).to.deep.equal({ type: 'dataset', name: 'New', description: 'What is new.' });
    expect(ddo.services[0]).to.have.property('timeout', 60);
    expect(ddo.services[0]?.compute).to.have.property('allowRawAlgorithm', false);
    const [file, ...more] = scene.catalogue.files(ddo);
    expect(more).to.deep.equal([]);
    expect(await readdir(join(scene.dir, 'files'))).to.deep.equal([file?.type === 'catalogue' ? file.path : '']);
    expect(await readFile(join(scene.dir, 'files', file?.type === 'catalogue' ? file.path : ''), 'utf8')).to.equal(
      'new',
    );
    expect(await problemOf(scene.run('update', did))).to.match(/What shall be another/);
    expect(await problemOf(scene.run('update', did, '--access'))).to.match(/remove it and add it anew/);
    expect(await problemOf(scene.run('update', did, 'none.csv'))).to.match(/There is no file .*none\.csv\./);
    expect(scene.catalogue.files(ddo)).to.deep.equal([file]);
  });

  it('lists what it can read, and names what it cannot', async () => {
    await using scene = await aCatalogue();
    await scene.run('add', 'data.csv', '--name', 'Data');
    await writeFile(join(scene.dir, 'broken.json'), '{');
    expect((await scene.run('list')).text)
      .to.include('Data')
      .and.include('broken.json is no description');
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
      [/no option --nmae\. Did you mean --name/, ['x', '--nmae', 'y']],
      [/--trust-nobody leaves no room/, ['x', '--trust', '*', '--trust-nobody']],
      [/is neither \*, nor a DID/, ['x', '--trust', `did:op:${'1'.repeat(64)},${'2'.repeat(64)}`]],
      [/--trust is for datasets/, ['x', '--access', '--trust', '*']],
      [/--allow bob is no address/, ['x', '--allow', 'bob']],
      [/There is 1 file and 2 of --sha256/, ['x', '--sha256', 'a', '--sha256', 'b']],
      [/--sha256 ab is none/, ['x', '--sha256', 'ab']],
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
