/** A stand-in for the subgraph that clients ask which orders somebody has: it reads the events of datatokens, and answers as that does. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { Interface, type LogDescription } from 'ethers';
import { artifact, type Ocean } from '../../../scripts/parts/ocean.ts';

export interface Subgraph extends AsyncDisposable {
  readonly url: string;
}

interface Asked {
  readonly variables: { readonly datatokenIds: readonly string[]; readonly account: string };
}

interface Log {
  readonly topics: string[];
  readonly data: string;
  readonly transactionHash: string;
}

const datatokens = new Interface(artifact('templates/ERC20Template.sol/ERC20Template').abi);

export async function startSubgraph(ocean: Pick<Ocean, 'rpc'>): Promise<Subgraph> {
  const ordersOf = async (address: string, account: string) => {
    const filter = { address, fromBlock: '0x0', toBlock: 'latest' };
    const logs = (await ocean.rpc('eth_getLogs', filter)) as readonly Log[];
    const started = logs.flatMap((log) => {
      const event: LogDescription | null = datatokens.parseLog(log);
      return event?.name === 'OrderStarted' ? [{ tx: log.transactionHash, args: event.args }] : [];
    });
    return started
      .filter(({ args }) => String(args['payer']).toLowerCase() === account.toLowerCase())
      .map(({ tx, args }) => ({
        tx,
        serviceIndex: Number(args['serviceIndex']),
        createdTimestamp: Number(args['timestamp']),
        reuses: [],
      }))
      .toReversed();
  };
  const server = createServer((request, response) => {
    const answer = async () => {
      const { variables } = (await json(request)) as Asked;
      const tokens = variables.datatokenIds.map(async (id) => ({ id, orders: await ordersOf(id, variables.account) }));
      response.end(JSON.stringify({ data: { tokens: await Promise.all(tokens) } }));
    };
    answer().catch(() => response.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}
