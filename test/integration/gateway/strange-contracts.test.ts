import { expect } from 'chai';
import { systemClock as clock } from '@capstan/shared/runtime/clock';
import { createLog } from '@capstan/shared/runtime/log';
import { startAnvil, type Anvil } from '../../../scripts/parts/anvil.ts';
import { deployOcean, type Ocean } from '../../../scripts/parts/ocean.ts';
import { createContracts } from '../../../services/gateway/src/chain/contracts.ts';
import { createChain } from '../../../services/gateway/src/chain/provider.ts';
import { startRpcProxy, type RpcProxy } from '../../support/chain/rpc-proxy.ts';

/** Code of contracts that anybody may name as an NFT. */
const STRANGE = {
  'runs for ever': '5b600056',
  'takes from an empty stack': '50',
  'jumps nowhere': '600156',
  'is no code': 'fe',
  'is other code': '0c',
  'fails without a word': '60006000fd',
};

describe('a contract of a stranger', () => {
  const releases = new AsyncDisposableStack();
  let anvil: Anvil;
  let ocean: Ocean;
  let first: RpcProxy;
  before(async () => {
    anvil = releases.use(await startAnvil());
    ocean = releases.use(await deployOcean(anvil));
    first = releases.use(await startRpcProxy(anvil.url));
  });
  after(() => releases.disposeAsync());

  for (const [what, code] of Object.entries(STRANGE)) {
    it(`that ${what} is no NFT, and its endpoint is well`, async () => {
      const rpc = [first.url, anvil.url];
      const config = { id: 8996, rpc, confirmations: 1, settledAfter: 4, logBlocks: 1_000, timeoutS: 10 };
      const chain = createChain(config, { clock, log: createLog('test', 'silent') });
      await using _ = { [Symbol.asyncDispose]: () => chain.stop() };
      const size = (code.length / 2).toString(16).padStart(4, '0');
      const created = await ocean.send(ocean.account(0), { data: `0x61${size}80600c6000396000f3${code}` });
      const { datatokenAddress } = await ocean.publish(ocean.account(1));
      const nft = created.contractAddress ?? '';
      expect(await createContracts().isTokenOf(chain, nft, datatokenAddress)).to.equal(false);
      const before = first.requests();
      await chain.ask({ method: 'eth_blockNumber', params: [] });
      expect(first.requests(), 'it is still the first to be asked').to.equal(before + 1);
    });
  }
});
