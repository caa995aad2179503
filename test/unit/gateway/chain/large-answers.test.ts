import { once } from 'node:events';
import { createServer } from 'node:http';
import { json } from 'node:stream/consumers';
import { systemClock as clock } from '@capstan/shared/runtime/clock';
import { createLog } from '@capstan/shared/runtime/log';
import { expect } from 'chai';
import { id, Interface } from 'ethers';
import { recordsIn } from '../../../../services/gateway/src/assets/record.ts';
import { TOO_LONG } from '../../../../services/gateway/src/chain/answers.ts';
import { createChain, type Chain, type Request } from '../../../../services/gateway/src/chain/provider.ts';
import { RECORD_TOPICS, TOPICS } from '../../../../services/gateway/src/chain/topics.ts';
import { urlOf } from '../../../../services/gateway/src/http/server.ts';
import { countWork, type CountedWork } from '../../../support/counted-work.ts';

const NFT = `0x${'ab'.repeat(20)}`;
const txIdOf = (n: number) => `0x${n.toString(16).padStart(64, '0')}`;
const repeated = (hex: string, bytes: number) => `0x${hex.repeat(bytes)}`;
const many = <T>(count: number, item: T) => Array.from({ length: count }, () => item);

const logOf = (topic: string, data: string, logIndex = 0) => ({
  address: NFT,
  topics: [topic],
  data,
  blockNumber: '0x1',
  logIndex: `0x${logIndex.toString(16)}`,
});
const nothing = (bytes: number) => logOf(id('Nothing()'), repeated('11', bytes));
const receiptWith = (txId: unknown, logs: readonly unknown[]) => ({
  transactionHash: txId,
  status: '0x1',
  blockNumber: '0x1',
  blockHash: txIdOf(1),
  logs,
});

/** An endpoint of chain 1. `logsOf`: of a transaction, or all. */
async function anEndpoint(logsOf: (txId?: unknown) => readonly unknown[]) {
  let requests = 0;
  const known = new Map<unknown, string>();
  const textOf = ({ method, params: [first] }: Request) => {
    switch (method) {
      case 'eth_chainId':
        return '"0x1"';
      case 'eth_getTransactionReceipt': {
        const text = known.get(first) ?? JSON.stringify(receiptWith(first, logsOf(first)));
        known.set(first, text);
        return text;
      }
      case 'eth_getLogs':
        return JSON.stringify(logsOf());
      default:
        return '"0x64"';
    }
  };
  const server = createServer((request, response) => {
    requests += 1;
    const answers = async () => {
      const calls = (await json(request)) as readonly (Request & { readonly id: number })[];
      response.end(`[${calls.map((call) => `{"id":${call.id},"result":${textOf(call)}}`).join()}]`);
    };
    void answers();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const config = { id: 1, rpc: [urlOf(server)], confirmations: 1, settledAfter: 1, logBlocks: 100, timeoutS: 60 };
  const chain = createChain(config, { clock, log: createLog('test', 'silent') });
  return {
    chain,
    requests: () => requests,
    async [Symbol.asyncDispose]() {
      await chain.stop();
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

const receiptOf = (chain: Chain, n: number) =>
  chain.ask({ method: 'eth_getTransactionReceipt', params: [txIdOf(n)] }, { method: 'eth_blockNumber', params: [] });

describe('the topics of events', () => {
  it('are the hashes of their signatures', () => {
    const of = (name: string, types: string) => id(`${name}(${types})`);
    const record = 'address,uint8,string,bytes,bytes,bytes32,uint256,uint256';
    expect({ ...TOPICS, records: RECORD_TOPICS }).to.deep.equal({
      started: of('OrderStarted', 'address,address,uint256,uint256,uint256,address,uint256'),
      reused: of('OrderReused', 'bytes32,address,uint256,uint256'),
      fee: of('ProviderFee', 'address,address,uint256,bytes,uint8,bytes32,bytes32,uint256'),
      transfer: of('Transfer', 'address,address,uint256'),
      records: [of('MetadataCreated', record), of('MetadataUpdated', record)],
    });
  });
});

describe('what an endpoint says of a transaction with a great deal in it', () => {
  let work: CountedWork;
  before(async () => {
    work = await countWork();
  });
  after(() => work[Symbol.asyncDispose]());

  it('costs the service itself next to no work, however much it is', async () => {
    await using endpoint = await anEndpoint(() => many(5_000, nothing(200)));
    const ask = (n: number) => work.of(() => receiptOf(endpoint.chain, n));
    // The thread is there from now on, and what the endpoint says is made.
    for (const n of [1, 2]) await ask(n);
    const bytes = JSON.stringify(many(5_000, nothing(200))).length;
    // What is counted is code by its length: looking at each character takes hundreds, handing on a piece of the network's next to none.
    expect((await ask(2)) / bytes).to.be.at.most(5);
  });

  it('comes without what no order is read from', async () => {
    const started = logOf(TOPICS.started, repeated('00', 32));
    await using endpoint = await anEndpoint(() => [...many(5_000, nothing(100)), started]);
    const [receipt] = await receiptOf(endpoint.chain, 1);
    expect(receipt).to.deep.include({ logs: [{ address: NFT, topics: started.topics, data: started.data }] });
  });

  for (const [what, logs] of [
    ['bytes', many(500, nothing(5_000))],
    ['logs', many(10_001, nothing(1))],
    ['logs of orders', many(1_001, logOf(TOPICS.started, '0x'))],
    ['bytes of orders', many(200, logOf(TOPICS.started, repeated('00', 3_000)))],
  ] as const) {
    it(`is no order, and keeps nobody else from theirs, where it has too many ${what}`, async () => {
      await using endpoint = await anEndpoint((txId) => (txId === txIdOf(1) ? logs : []));
      const [large, small] = await Promise.all([receiptOf(endpoint.chain, 1), receiptOf(endpoint.chain, 2)]);
      expect(large).to.deep.equal([TOO_LONG, '0x64']);
      expect(small[0]).to.deep.include({ transactionHash: txIdOf(2) });
    });
  }

  it('is no more than fits for records: then the endpoint counts as one that does not look back so far', async () => {
    await using endpoint = await anEndpoint(() => many(500, logOf(String(RECORD_TOPICS[0]), repeated('11', 5_000))));
    const logs: Request = { method: 'eth_getLogs', params: [{}] };
    expect(await endpoint.chain.ask({ method: 'eth_blockNumber', params: [] }, logs)).to.deep.equal([
      '0x64',
      undefined,
    ]);
  });
});

describe('the record of a large description', () => {
  const events = new Interface([
    'event MetadataCreated(address indexed by, uint8 state, string decryptorUrl, bytes flags, bytes data, bytes32 metaDataHash, uint256 timestamp, uint256 blockNumber)',
  ]);
  const logWith = (bytes: number) => {
    const values = [NFT, 0, 'https://node.example', '0x02', repeated('ab', bytes), txIdOf(7), 1, 9];
    const { topics, data } = events.encodeEventLog('MetadataCreated', values);
    return { address: NFT, topics, data, blockNumber: '0x9', logIndex: '0x0' };
  };

  const newest = (logs: readonly unknown[]) => {
    const record = recordsIn(logs, NFT)?.newest();
    return record && { ...record, data: Buffer.from(record.data).toString('hex') };
  };

  it('is read as it was written, in no more steps than a small one', async () => {
    await using work = await countWork();
    const stepsFor = (bytes: number) => {
      const logs = [logWith(bytes)];
      expect(newest(logs)).to.deep.equal({
        blockNumber: 9,
        flags: 2,
        hash: txIdOf(7).slice(2),
        data: 'ab'.repeat(bytes),
      });
      return work.of(() => recordsIn(logs, NFT)?.newest());
    };
    await stepsFor(10);
    expect((await stepsFor(900_000)) / (await stepsFor(9_000))).to.be.at.most(2);
  });

  const good = logWith(10);
  for (const [what, data] of Object.entries({
    nothing: '0x',
    'no whole head': good.data.slice(0, 400),
    'less than it says': good.data.slice(0, -64),
    'a place far away': `${good.data.slice(0, 2 + 3 * 64)}${'ff'.repeat(32)}${good.data.slice(2 + 4 * 64)}`,
    'half a byte': `${good.data}0`,
  })) {
    it(`is none where it holds ${what}`, () => {
      expect(newest([{ ...good, data }])).to.equal(undefined);
    });
  }
});
