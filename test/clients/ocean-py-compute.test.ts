import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { expect } from 'chai';
import { getBytes, keccak256, toUtf8Bytes, Wallet } from 'ethers';
import type { StatusObject } from '@capstan/shared/contract/api';
import type { InitializeComputeAnswer } from '@capstan/shared/contract/quotes';
import { assetOrder } from '../../scripts/demo/assets.ts';
import { NODE_CONTAINER, startTestNode, type TestNode } from '../support/node.ts';

interface Said {
  /** Of an order of a published algorithm, and of code that nobody published. */
  readonly quotes: readonly [InitializeComputeAnswer, InitializeComputeAnswer];
  readonly ended: StatusObject & { readonly ok: boolean };
  readonly results: readonly { readonly type: string; readonly text: string }[];
  readonly stopped: StatusObject;
  readonly deleted: StatusObject;
}

const CODE = `const custom = JSON.parse(require('fs').readFileSync('/data/inputs/algoCustomData.json', 'utf8'));
console.log('counting to', custom.limit);
require('fs').writeFileSync('/data/outputs/limit', String(custom.limit));`;

/** As ocean.py writes an algorithm that nobody published: what is not given is an empty text. */
const ENDLESS = {
  meta: {
    url: '',
    rawcode: `console.log('waiting'); setInterval(() => {}, 1000);`,
    language: '',
    version: '',
    container: { ...NODE_CONTAINER, checksum: '' },
    consumerParameters: [
      { name: 'limit', type: 'number', label: 'Limit', required: 'False', description: '', default: '1' },
    ],
  },
};

describe('what ocean.py sends for a computation', () => {
  let node: TestNode;
  before(async () => {
    node = await startTestNode();
  });
  after(() => node[Symbol.asyncDispose]());

  const spoken = async (asked: object, wallet: Wallet): Promise<Said> => {
    const python = spawn('python3', [join(import.meta.dirname, 'ocean_py_compute.py'), node.url]);
    const problem = text(python.stderr);
    const closed = once(python, 'close');
    python.stdin.write(`${JSON.stringify(asked)}\n`);
    for await (const line of createInterface(python.stdout)) {
      const said = JSON.parse(line) as { readonly sign: string } | Said;
      if (!('sign' in said)) return said;
      const signature = wallet.signMessageSync(getBytes(keccak256(toUtf8Bytes(said.sign))));
      // Its library's last byte is 0 or 1.
      const last = Number.parseInt(signature.slice(-2), 16) - 27;
      python.stdin.write(`${signature.slice(0, -2)}0${last}\n`);
    }
    await closed;
    throw new Error(await problem);
  };

  it('finds an environment, its prices, and has jobs run, shown, fetched, stopped and deleted', async () => {
    const wallet = new Wallet(Wallet.createRandom().privateKey);
    const withoutOrder = ({ documentId, serviceId }: ReturnType<typeof assetOrder>) => ({ documentId, serviceId });
    const dataset = await node.addDataset({ isRawAllowed: true });
    const algorithm = await node.addAlgorithm({ code: CODE });
    const said = await spoken(
      {
        chainId: 8996,
        consumerAddress: wallet.address,
        dataset: withoutOrder(assetOrder(dataset)),
        algorithm: withoutOrder(assetOrder(algorithm)),
        custom: { limit: 7 },
        endless: ENDLESS,
      },
      wallet,
    );
    const [published, raw] = said.quotes;
    // It orders each for its fee; without one, and without a valid order, it has nothing to order by.
    for (const entry of [...published.datasets, published.algorithm, ...raw.datasets])
      expect(entry?.providerFee).to.include({ providerFeeAmount: '0' });
    expect(raw).not.to.have.property('algorithm');
    expect(said.ended).to.include({ status: 70, ok: true, documentId: dataset.id, algoDID: algorithm.id });
    expect(said.results).to.have.deep.members([
      { type: 'output', text: '7' },
      { type: 'algorithmLog', text: 'counting to 7\n' },
    ]);
    expect(said.stopped).to.include({ status: 7 });
    expect(said.deleted).to.include({ status: 8, jobId: said.ended.jobId });
  });
});
