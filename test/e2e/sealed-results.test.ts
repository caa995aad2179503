import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { Wallet } from 'ethers';
import { messageOf } from '@capstan/shared/contract/errors';
import { temporaryFolder } from '../../scripts/parts/temporary-folder.ts';
import { startTestNode, type TestNode } from '../support/node.ts';

const run = promisify(execFile);
const SCRIPT = join(import.meta.dirname, '..', '..', 'scripts', 'decrypt.ts');
const wallet = Wallet.createRandom();

const decrypt = async (args: readonly string[], key = wallet.privateKey) => {
  const env = { ...process.env, WALLET_KEY: key };
  return (await run(process.execPath, [SCRIPT, ...args], { env })).stdout.trim();
};

describe('results for the eyes of one consumer', () => {
  let node: TestNode;
  before(async () => {
    node = await startTestNode();
  });
  after(() => node[Symbol.asyncDispose]());

  it('come encrypted, and are decrypted by a command', async () => {
    await using dir = await temporaryFolder('decrypt');
    const dataset = await node.addDataset({ isRawAllowed: true });
    const order = node.rawOrderOf(dataset, `require('node:fs').writeFileSync('/data/outputs/table.csv', 'a,b\\n')`);
    const encryptTo = await decrypt(['public-key']);
    expect(encryptTo).to.equal(wallet.publicKey.slice(2));
    await using live = await node.consumer.follow();
    const { jobId } = await node.consumer.start({ ...order, output: { encryptTo } });
    const { job } = await live.ended(jobId);
    expect(job.results.map(({ filename }) => filename)).to.deep.equal(['table.csv.sealed', 'algorithm.log.sealed']);

    const [table, log] = [await node.consumer.result(jobId, 0), await node.consumer.result(jobId, 1)];
    for (const answer of [table, log]) expect(answer.headers.get('content-type')).to.equal('application/octet-stream');
    const [sealed, opened] = [join(dir.path, 'sealed'), join(dir.path, 'opened')];
    await writeFile(sealed, Buffer.from(await table.arrayBuffer()));
    await decrypt([sealed, opened]);
    expect(await readFile(opened, 'utf8')).to.equal('a,b\n');
    expect(await decrypt([sealed, '-'])).to.equal('a,b');
    await log.arrayBuffer();

    const other = decrypt([sealed, join(dir.path, 'other')], Wallet.createRandom().privateKey);
    expect(await other.catch(messageOf)).to.contain('encrypted to another key');
  });

  it('can only be wanted with a key that is one', async () => {
    const dataset = await node.addDataset({ isRawAllowed: true });
    const order = { ...node.rawOrderOf(dataset, '1'), output: { encryptTo: `02${'ff'.repeat(32)}` } };
    const answer = await node.consumer.postStart(await node.consumer.startBody(order));
    expect(answer.status).to.equal(400);
    const { errors } = (await answer.json()) as { errors: object };
    expect(errors).to.have.all.keys('output.encryptTo');
  });
});
