import { expect } from 'chai';
import type { Ddo } from '@capstan/shared/contract/ddo';
import { hasCode } from '@capstan/shared/contract/errors';
import { nodeKeyFrom } from '@capstan/shared/crypto/node-key';
import { systemClock as clock } from '@capstan/shared/runtime/clock';
import { createLog } from '@capstan/shared/runtime/log';
import { createOnChain } from '../../../services/gateway/src/assets/on-chain.ts';
import { createUnpackApart } from '../../../services/gateway/src/assets/unpack-apart.ts';
import { createChain } from '../../../services/gateway/src/chain/provider.ts';
import { startAnvil } from '../../../scripts/parts/anvil.ts';
import { deployOcean, type Account, type Ocean } from '../../../scripts/parts/ocean.ts';
import { describedAsset, loosened } from '../../support/chain/described.ts';
import { recordOf } from '../../support/chain/records.ts';
import { startRpcProxy, type RpcProxy } from '../../support/chain/rpc-proxy.ts';

const CHAIN_ID = 8996;
const SETTLED_AFTER = 4;
const DISPUTED = /do not agree about the NFT/;
const WORD_OF_3 = `0x${'3'.padStart(64, '0')}`;
const key = nodeKeyFrom('22'.repeat(32));

describe('an endpoint of two that lies about an asset', () => {
  let releases: AsyncDisposableStack;
  let ocean: Ocean;
  let owner: Account;
  /** The one that is asked first, and the honest one. */
  let endpoint: RpcProxy;
  let other: RpcProxy;
  before(async () => {
    releases = new AsyncDisposableStack();
    const chain = releases.use(await startAnvil(CHAIN_ID));
    ocean = releases.use(await deployOcean(chain));
    endpoint = releases.use(await startRpcProxy(chain.url));
    other = releases.use(await startRpcProxy(chain.url));
    owner = ocean.account(1);
  });
  after(() => releases.disposeAsync());
  afterEach(() => {
    endpoint.lie(undefined);
    other.become('works');
  });

  const opened = () => {
    const chain = createChain(
      {
        id: CHAIN_ID,
        rpc: [endpoint.url, other.url],
        confirmations: 1,
        settledAfter: SETTLED_AFTER,
        logBlocks: 10,
        timeoutS: 5,
      },
      { clock, log: createLog('test', 'silent') },
    );
    const { confirm } = createOnChain({
      chains: new Map([[CHAIN_ID, chain]]),
      key,
      unpack: createUnpackApart(),
      requireChain: false,
      freshMs: 0,
      clock,
    });
    return { confirm, [Symbol.asyncDispose]: () => chain.stop() };
  };
  const refusalOf = (work: Promise<unknown>) =>
    work.then(
      () => 'none',
      (error: unknown) => (hasCode(error, 'CHAIN_UNAVAILABLE') ? error.message : String(error)),
    );
  const publishedAs = async (name: string) => {
    const token = await ocean.publish(owner);
    const ddo = describedAsset(token, { name, chainId: CHAIN_ID, key });
    const { blockNumber } = await ocean.describe(owner, token.nftAddress, recordOf(ddo));
    await ocean.mine(2 * SETTLED_AFTER);
    return { token, ddo, blockNumber };
  };

  it('its record of what nobody published is not acted on, nor remembered', async () => {
    const { ddo, blockNumber } = await publishedAs('data');
    const forged = recordOf({ ...ddo, services: loosened(ddo).services });
    // As the real contract writes it, of another NFT.
    const forgery = await ocean.describe(owner, (await ocean.publish(owner)).nftAddress, forged);
    const made = forgery.logs.filter(({ data }) => data.length > 1_000);
    expect(made).to.have.lengthOf(1);
    await using node = opened();
    expect(await node.confirm({ ...ddo }), 'an honest one').to.have.deep.property('services', ddo.services);
    endpoint.lie((method, result) =>
      method === 'eth_getLogs'
        ? made.map((each) => ({ ...each, address: ddo.nftAddress, blockNumber: `0x${(blockNumber + 1).toString(16)}` }))
        : result,
    );
    await using fresh = opened();
    for (const asked of [node, fresh]) expect(await refusalOf(asked.confirm({ ...ddo }))).to.match(DISPUTED);
    endpoint.lie(undefined);
    for (const asked of [node, fresh])
      expect(await asked.confirm({ ...ddo })).to.have.deep.property('services', ddo.services);
  });

  it('nor is its silence about what the owner changed or took back', async () => {
    const { ddo, token, blockNumber } = await publishedAs('data');
    const tightened = { ...ddo, credentials: { allow: [{ type: 'address', values: [owner.address] }] } } as Ddo;
    await ocean.describe(owner, token.nftAddress, recordOf(tightened));
    await ocean.mine(2 * SETTLED_AFTER);
    endpoint.lie((method, result) =>
      method === 'eth_getLogs' && Array.isArray(result)
        ? result.filter((each: { readonly blockNumber: string }) => Number(each.blockNumber) <= blockNumber)
        : result,
    );
    await using node = opened();
    expect(await refusalOf(node.confirm({ ...tightened }))).to.match(DISPUTED);
    endpoint.lie((method, result) => (method === 'eth_call' && result === WORD_OF_3 ? `0x${'0'.repeat(64)}` : result));
    await ocean.setState(owner, token.nftAddress, 3);
    const withState = (state: number): Ddo => ({ ...tightened, nft: { state, owner: owner.address } });
    expect(await refusalOf(node.confirm(withState(3)))).to.match(DISPUTED);
    endpoint.lie(undefined);
    expect((await node.confirm(withState(3))).nft).to.deep.equal({ owner: owner.address, state: 3 });
  });

  it('a store that is behind is no reason to refuse: both endpoints say it', async () => {
    const { ddo } = await publishedAs('data');
    await using node = opened();
    expect(await node.confirm(loosened(ddo))).to.have.deep.property('services', ddo.services);
    other.become('refuses');
    expect(await refusalOf(node.confirm(loosened(ddo))), 'one alone').to.match(DISPUTED);
    expect(await node.confirm({ ...ddo }), 'one, and the store').to.have.deep.property('services', ddo.services);
  });

  it('where store and endpoint say the same, nobody else is asked', async () => {
    const { ddo } = await publishedAs('data');
    await using node = opened();
    const before = other.requests();
    await node.confirm({ ...ddo, nft: { state: 0, owner: owner.address.toLowerCase() } });
    expect(other.requests()).to.equal(before);
  });
});
