import { expect } from 'chai';
import { Wallet } from 'ethers';
import type { Ddo } from '@capstan/shared/contract/ddo';
import { systemClock as clock } from '@capstan/shared/runtime/clock';
import { hasCode } from '@capstan/shared/contract/errors';
import { createLog } from '@capstan/shared/runtime/log';
import { nodeKeyFrom } from '@capstan/shared/crypto/node-key';
import { createChain } from '../../../services/gateway/src/chain/provider.ts';
import { createOnChain } from '../../../services/gateway/src/assets/on-chain.ts';
import { createUnpackApart } from '../../../services/gateway/src/assets/unpack-apart.ts';
import { startAnvil, type Anvil } from '../../../scripts/parts/anvil.ts';
import { deployOcean, type Account, type Ocean, type TokenPair } from '../../../scripts/parts/ocean.ts';
import { assetOrder } from '../../../scripts/demo/assets.ts';
import type { Order } from '../../../scripts/parts/consumer.ts';
import { describedAsset, loosened } from '../../support/chain/described.ts';
import { PACKERS, recordOf } from '../../support/chain/records.ts';
import { startGateway } from '../../support/gateway/scene.ts';
import { startMetadataStore } from '../../support/metadata-store.ts';
import { startRpcProxy, type RpcProxy } from '../../support/chain/rpc-proxy.ts';

const CHAIN_ID = 8996;
const SETTLED_AFTER = 4;
const key = nodeKeyFrom('22'.repeat(32));
const otherKey = nodeKeyFrom('33'.repeat(32));
const log = createLog('test', 'silent');

describe('a description from a metadata store, beside what its NFT says', () => {
  let chain: Anvil;
  let ocean: Ocean;
  let endpoint: RpcProxy;
  let owner: Account;
  let releases: AsyncDisposableStack;
  before(async () => {
    releases = new AsyncDisposableStack();
    chain = releases.use(await startAnvil(CHAIN_ID));
    ocean = releases.use(await deployOcean(chain));
    endpoint = releases.use(await startRpcProxy(chain.url));
    owner = ocean.account(1);
  });
  after(() => releases.disposeAsync());
  beforeEach(() => endpoint.become('works'));

  const opened = ({ requireChain = false, logBlocks = 10, freshMs = 0, ownKey = key } = {}) => {
    const asked = createChain(
      { id: CHAIN_ID, rpc: [endpoint.url], confirmations: 1, settledAfter: SETTLED_AFTER, logBlocks, timeoutS: 5 },
      { clock, log },
    );
    const onChain = createOnChain({
      chains: new Map([[CHAIN_ID, asked]]),
      key: ownKey,
      unpack: createUnpackApart(),
      requireChain,
      freshMs,
      clock,
    });
    return { confirm: onChain.confirm, [Symbol.asyncDispose]: () => asked.stop() };
  };
  const describing = (token: TokenPair, name: string): Ddo => describedAsset(token, { name, chainId: CHAIN_ID, key });
  const refusalOf = (work: Promise<unknown>) =>
    work.then(
      () => 'none',
      (error: unknown) => (hasCode(error, 'REFUSED') ? error.message : String(error)),
    );

  for (const [packer, sealedTo] of [
    [undefined, undefined],
    [undefined, key],
    ...(Object.keys(PACKERS) as (keyof typeof PACKERS)[]).flatMap((name) => [
      [name, undefined] as const,
      [name, key] as const,
    ]),
  ] as const) {
    it(`gives way to the owner's${packer ? `, packed as ${packer}` : ''}${sealedTo ? ', sealed to this node' : ''}`, async () => {
      const token = await ocean.publish(owner);
      const ddo = describing(token, 'Wetter in Zürich 🌧');
      const recording = { ...(packer ? { packer } : {}), ...(sealedTo ? { sealedTo } : {}) };
      await ocean.describe(owner, token.nftAddress, recordOf(ddo, recording));
      await using node = opened();
      expect(await node.confirm(loosened(ddo))).to.deep.equal({ ...ddo, nft: { owner: owner.address, state: 0 } });
    });
  }

  it('gives way to the newest, whenever it came', async () => {
    const token = await ocean.publish(owner);
    const [first, second, third] = ['one', 'two', 'three'].map((name) => describing(token, name)) as [Ddo, Ddo, Ddo];
    await using node = opened();
    await ocean.describe(owner, token.nftAddress, recordOf(first));
    const nameNow = async () => (await node.confirm(loosened(first))).metadata.name;
    expect(await nameNow()).to.equal('one');
    await ocean.describe(owner, token.nftAddress, recordOf(second));
    expect(await nameNow()).to.equal('two');
    // Final by now: it is not looked for again, and still known.
    await ocean.mine(2 * SETTLED_AFTER);
    expect(await nameNow()).to.equal('two');
    const snapshot = await ocean.rpc('evm_snapshot');
    await ocean.describe(owner, token.nftAddress, recordOf(third));
    expect(await nameNow()).to.equal('three');
    await ocean.rpc('evm_revert', snapshot);
    await ocean.mine(1);
    expect(await nameNow(), 'the block of the third was replaced').to.equal('two');
  });

  it('gives way also to what was sealed to a key that the node had before', async () => {
    const token = await ocean.publish(owner);
    const ddo = describing(token, 'data');
    await ocean.describe(owner, token.nftAddress, recordOf(ddo, { sealedTo: otherKey }));
    await using node = opened({ ownKey: nodeKeyFrom('22'.repeat(32), [otherKey]), requireChain: true });
    expect((await node.confirm(loosened(ddo))).services).to.deep.equal(ddo.services);
  });

  it('asks the chain once for many orders of a moment, and again for what failed', async () => {
    const token = await ocean.publish(owner);
    const ddo = describing(token, 'data');
    await ocean.describe(owner, token.nftAddress, recordOf(ddo));
    await using node = opened({ freshMs: 60_000 });
    endpoint.become('refuses');
    const away = await refusalOf(node.confirm(ddo));
    expect(away).to.match(/can't be asked/);
    endpoint.become('works');
    await node.confirm(ddo);
    const before = endpoint.requests();
    await Promise.all(Array.from({ length: 50 }, () => node.confirm(ddo)));
    expect(endpoint.requests()).to.equal(before);
  });

  it('says nothing about state and owner: the contract does', async () => {
    const token = await ocean.publish(owner);
    const ddo = describing(token, 'data');
    await ocean.describe(
      owner,
      token.nftAddress,
      recordOf({ ...ddo, nft: { state: 0, owner: `0x${'1'.repeat(40)}` } }),
    );
    await using node = opened();
    await ocean.setState(owner, token.nftAddress, 3);
    expect((await node.confirm(loosened(ddo))).nft).to.deep.equal({ owner: owner.address, state: 3 });
    const buyer = ocean.account(2);
    await ocean.transferNft(owner, token.nftAddress, buyer.address);
    const { nft, indexedMetadata } = await node.confirm(loosened(ddo));
    expect({ nft, indexedMetadata }).to.deep.equal({
      nft: { owner: buyer.address, state: 3 },
      indexedMetadata: undefined,
    });
  });

  it('is refused where the owner published none, or there is no such NFT', async () => {
    const token = await ocean.publish(owner);
    await using node = opened();
    expect(await refusalOf(node.confirm(describing(token, 'data')))).to.contain('never given a description');
    const nowhere = { ...token, nftAddress: Wallet.createRandom().address };
    expect(await refusalOf(node.confirm(describing(nowhere, 'data')))).to.contain('no such NFT');
  });

  it('is refused where what was recorded is broken, or of another asset', async () => {
    const token = await ocean.publish(owner);
    const ddo = describing(token, 'data');
    const good = recordOf(ddo, { packer: 'alone' });
    const another = recordOf(describing(await ocean.publish(owner), 'another'));
    await using node = opened();
    for (const [record, why] of [
      [{ ...good, hash: '0'.repeat(64) }, 'another hash'],
      [{ ...good, data: good.data.subarray(0, 20) }, 'another hash'],
      [{ ...good, data: Buffer.from('no such format') }, 'can not be unpacked'],
      [
        {
          ...good,
          data: Buffer.concat([Buffer.from(good.data).subarray(0, 5), Buffer.alloc(8, 0xff), Buffer.alloc(99)]),
        },
        'can not be unpacked',
      ],
      [{ ...recordOf(ddo), data: new Uint8Array() }, 'another hash'],
      [another, 'another DID'],
    ] as const) {
      await ocean.describe(owner, token.nftAddress, record);
      expect(await refusalOf(node.confirm(ddo)), why).to.contain(why);
    }
  });

  it('counts where it is sealed to another node, or its chain is not configured, unless the chain is required', async () => {
    const token = await ocean.publish(owner);
    const ddo = describing(token, 'data');
    await ocean.describe(owner, token.nftAddress, recordOf(ddo, { sealedTo: otherKey }));
    await using lenient = opened();
    await using strict = opened({ requireChain: true });
    const { nft, ...text } = await lenient.confirm(loosened(ddo));
    expect(text.services[0]?.compute).to.deep.equal({ allowRawAlgorithm: true });
    expect(nft, 'state and owner are still the contract’s').to.deep.equal({ owner: owner.address, state: 0 });
    expect(await refusalOf(strict.confirm(ddo))).to.match(/sealed to another node.*assets\.requireChain/);
    const elsewhere = { ...ddo, chainId: 1 };
    expect(await lenient.confirm(elsewhere)).to.deep.equal(elsewhere);
    expect(await refusalOf(strict.confirm(elsewhere))).to.match(/chain 1, .*assets\.requireChain/);
  });

  it('is looked for backwards where an endpoint looks through few blocks at once', async () => {
    const token = await ocean.publish(owner);
    const ddo = describing(token, 'first');
    await ocean.describe(owner, token.nftAddress, recordOf(describing(token, 'older')));
    await ocean.describe(owner, token.nftAddress, recordOf(ddo));
    await ocean.mine(95);
    endpoint.become('short');
    await using node = opened({ requireChain: true });
    const before = endpoint.requests();
    expect((await node.confirm(loosened(ddo))).metadata.name).to.equal('first');
    const walked = endpoint.requests() - before;
    expect((await node.confirm(loosened(ddo))).metadata.name).to.equal('first');
    expect(endpoint.requests() - before - walked, 'what is final is not walked to again').to.be.lessThan(walked);
    await ocean.describe(owner, token.nftAddress, recordOf(describing(token, 'second')));
    expect((await node.confirm(loosened(ddo))).metadata.name).to.equal('second');
  });

  it('counts where nobody looks back far enough, unless the chain is required', async () => {
    const token = await ocean.publish(owner);
    const ddo = describing(token, 'old');
    await ocean.describe(owner, token.nftAddress, recordOf(ddo));
    await ocean.mine(600);
    endpoint.become('short');
    await using lenient = opened();
    await using strict = opened({ requireChain: true });
    expect((await lenient.confirm(loosened(ddo))).services[0]?.compute?.allowRawAlgorithm).to.equal(true);
    expect(await refusalOf(strict.confirm(ddo))).to.contain('do not look back');
    // One that comes now is seen.
    await ocean.describe(owner, token.nftAddress, recordOf(describing(token, 'new')));
    expect((await strict.confirm(loosened(ddo))).metadata.name).to.equal('new');
  });

  it('decides for a whole gateway, whoever runs the store', async () => {
    await using store = await startMetadataStore();
    await using scene = await startGateway({
      variables: {
        CAPSTAN_GATEWAY_METADATA_STORE_URL: store.url,
        CAPSTAN_GATEWAY_METADATA_FRESH_S: '0',
        CAPSTAN_CHAINS: JSON.stringify([{ id: CHAIN_ID, rpc: [endpoint.url] }]),
      },
    });
    const token = await ocean.publish(owner);
    const ddo = describing(token, 'data');
    await ocean.describe(owner, token.nftAddress, recordOf(ddo, { packer: 'xz', sealedTo: scene.key }));
    store.publish(loosened(ddo));
    const attempt = async (algorithm: Order['algorithm']) => {
      const response = await scene.caller().start({ ...scene.order(), dataset: assetOrder(ddo), algorithm });
      return response.status === 200 ? 200 : ((await response.json()) as { error: unknown }).error;
    };
    const container = { image: 'alpine', entrypoint: 'sh $ALGO' };
    expect(await attempt({ meta: { rawcode: 'cat /data/inputs/*/*', container } })).to.deep.equal({
      algorithm: 'no_raw_algo_allowed',
    });
    expect(await attempt(scene.order().algorithm)).to.equal(200);
    await ocean.setState(owner, token.nftAddress, 1);
    expect(await attempt(scene.order().algorithm)).to.equal('Asset is not consumable.');
    endpoint.become('refuses');
    const away = await scene.caller().start({ ...scene.order(), dataset: assetOrder(ddo) });
    expect(away.status).to.equal(503);
  });
});
