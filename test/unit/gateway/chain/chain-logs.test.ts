import { once } from 'node:events';
import { createServer } from 'node:http';
import { json } from 'node:stream/consumers';
import { systemClock as clock } from '@capstan/shared/runtime/clock';
import { createLog } from '@capstan/shared/runtime/log';
import { expect } from 'chai';
import { createChain, type Request } from '../../../../services/gateway/src/chain/provider.ts';
import { RECORD_TOPICS } from '../../../../services/gateway/src/chain/topics.ts';
import { urlOf } from '../../../../services/gateway/src/http/server.ts';

const LOGS = [{ address: '0x01', topics: [String(RECORD_TOPICS[0])], data: '0x', blockNumber: '0x1', logIndex: '0x0' }];
const TOO_MANY = { error: { code: -32005, message: 'query returned more than 10000 results' } };

interface Call {
  readonly id: number;
  readonly method: string;
}

type Said = { readonly result: unknown } | { readonly error: object };

/** An endpoint of chain 1 that says this when it is asked for events. */
async function anEndpoint(ofLogs: Said) {
  let asked = 0;
  const answer = (method: string): Said => {
    if (method === 'eth_chainId') return { result: '0x1' };
    return method === 'eth_getLogs' ? ofLogs : { result: '0x64' };
  };
  const answersTo = (calls: unknown) =>
    JSON.stringify((calls as readonly Call[]).map(({ id, method }) => ({ jsonrpc: '2.0', id, ...answer(method) })));
  const server = createServer((request, response) => {
    asked += 1;
    void json(request).then((calls) => response.end(answersTo(calls)));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: urlOf(server),
    asked: () => asked,
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

const questions: readonly Request[] = [
  { method: 'eth_blockNumber', params: [] },
  { method: 'eth_getLogs', params: [{ fromBlock: '0x0', toBlock: 'latest' }] },
];
const chainOver = (...rpc: readonly string[]) =>
  createChain(
    { id: 1, rpc: [...rpc], confirmations: 1, settledAfter: 1, logBlocks: 100, timeoutS: 5 },
    { clock, log: createLog('test', 'silent') },
  );

describe('events of more blocks than an endpoint looks through', () => {
  it('are asked of the next one', async () => {
    await using first = await anEndpoint(TOO_MANY);
    await using second = await anEndpoint({ result: LOGS });
    const chain = chainOver(first.url, second.url);
    expect(await chain.ask(...questions)).to.deep.equal(['0x64', LOGS]);
    // The first one is well, and is asked first again.
    await chain.ask(...questions);
    expect([first.asked(), second.asked()]).to.deep.equal([2, 2]);
    await chain.stop();
  });

  it('are unknown, and all else is answered, where none of them does', async () => {
    await using first = await anEndpoint(TOO_MANY);
    await using second = await anEndpoint(TOO_MANY);
    const chain = chainOver(first.url, second.url);
    expect(await chain.ask(...questions)).to.deep.equal(['0x64', undefined]);
    await chain.stop();
  });
});
