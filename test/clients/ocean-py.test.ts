import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect } from 'chai';
import { getBytes, keccak256, toUtf8Bytes, Wallet } from 'ethers';
import type { FileInfo } from '@capstan/shared/contract/file-info';
import type { OrderQuote } from '@capstan/shared/contract/quotes';
import { sha256 } from '../support/chain/indexer.ts';
import { startTestNode, type TestNode } from '../support/node.ts';

interface Said {
  readonly files: readonly FileInfo[];
  readonly quote: OrderQuote;
  readonly downloads: readonly { readonly text: string; readonly disposition: string }[];
}

describe('what ocean.py sends', () => {
  let node: TestNode;
  before(async () => {
    node = await startTestNode({ variables: { CAPSTAN_GATEWAY_FREE_DOWNLOADS: 'true' } });
  });
  after(() => node[Symbol.asyncDispose]());

  it('finds files, a price, and each of the files', async () => {
    const wallet = new Wallet(Wallet.createRandom().privateKey);
    const texts = ['one', 'two'];
    const ddo = await node.addDataset({ access: 'access', files: texts.map((each) => ({ text: each })) });
    const signed = texts.map((_, index) => {
      const nonce = `${Date.now() / 1_000}${index + 1}`;
      const hash = getBytes(keccak256(toUtf8Bytes(ddo.id + nonce)));
      return { nonce, signature: wallet.signMessageSync(hash) };
    });
    const asked = { did: ddo.id, serviceId: ddo.services[0]?.id, consumerAddress: wallet.address };
    const python = spawn('python3', [join(import.meta.dirname, 'ocean_py.py'), node.url]);
    python.stdin.end(JSON.stringify({ ...asked, transferTxId: '0x1', userdata: { page: 1 }, signed }));
    const [out, problem] = await Promise.all([text(python.stdout), text(python.stderr), once(python, 'close')]);
    expect(problem).to.equal('');
    const { files, quote, downloads } = JSON.parse(out) as Said;
    expect(files.map(({ valid, checksum }) => [valid, checksum])).to.deep.equal(
      texts.map((each) => [true, sha256(each)]),
    );
    expect(quote).to.have.property('datatoken', ddo.services[0]?.datatokenAddress);
    expect(downloads.map((each) => each.text)).to.deep.equal(texts);
    for (const { disposition } of downloads) expect(disposition).to.match(/^attachment;filename=\S+$/);
  });
});
