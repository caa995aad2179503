import { once } from 'node:events';
import { createServer } from 'node:http';
import { systemClock as clock } from '@capstan/shared/runtime/clock';
import { hasCode } from '@capstan/shared/contract/errors';
import type { Log } from '@capstan/shared/runtime/log';
import { expect } from 'chai';
import { createChain } from '../../../../services/gateway/src/chain/provider.ts';
import { urlOf } from '../../../../services/gateway/src/http/server.ts';

/** An endpoint that takes questions, and never answers. */
async function aSilentEndpoint() {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: urlOf(server),
    isAsked: once(server, 'request'),
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

describe('the log of an endpoint that failed', () => {
  const chainOver = (url: string, timeoutS: number) => {
    const problems: unknown[] = [];
    const log = { warn: ({ problem }: { problem: unknown }) => problems.push(problem) } as unknown as Log;
    const config = { id: 1, rpc: [url], confirmations: 1, settledAfter: 1, logBlocks: 100, timeoutS };
    const chain = createChain(config, { clock, log });
    const ask = async () => {
      try {
        await chain.ask({ method: 'eth_blockNumber', params: [] });
      } catch (error) {
        if (!hasCode(error, 'CHAIN_UNAVAILABLE')) throw error;
      }
      return problems;
    };
    return { chain, ask };
  };

  it('says that it was late', async () => {
    await using endpoint = await aSilentEndpoint();
    expect(await chainOver(endpoint.url, 0.05).ask()).to.deep.equal(['timed out']);
  });

  it('says that nobody waits any longer', async () => {
    await using endpoint = await aSilentEndpoint();
    const { chain, ask } = chainOver(endpoint.url, 60);
    const asked = ask();
    await endpoint.isAsked;
    await chain.stop();
    expect(await asked).to.deep.equal(['aborted']);
  });

  it('says what the network said', async () => {
    const endpoint = await aSilentEndpoint();
    await endpoint[Symbol.asyncDispose]();
    expect(await chainOver(endpoint.url, 60).ask()).to.deep.equal(['ECONNREFUSED']);
  });
});
