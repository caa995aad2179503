import { expect } from 'chai';
import type { Ddo } from '@capstan/shared/contract/ddo';
import type { EnvironmentId } from '@capstan/shared/contract/ids';
import type { InitializeComputeAnswer, ProviderFee } from '@capstan/shared/contract/quotes';
import { publicKeyOf } from '@capstan/shared/crypto/seal';
import { Wallet } from 'ethers';
import { describeAsset } from '../../../scripts/catalogue/ddo.ts';
import { startAnvil, type Anvil } from '../../../scripts/parts/anvil.ts';
import type { Order } from '../../../scripts/parts/consumer.ts';
import { deployOcean, type Account, type Ocean, type TokenPair } from '../../../scripts/parts/ocean.ts';
import { recordOf } from '../../support/chain/records.ts';
import { createCaller, type Answer } from '../../support/gateway/caller.ts';
import { ENVIRONMENT } from '../../support/gateway/parts.ts';
import { startGateway, type GatewayScene } from '../../support/gateway/scene.ts';
import { startMetadataStore, type MetadataStore } from '../../support/metadata-store.ts';

const SOLD = 'sold' as EnvironmentId;
/** The code of a contract that answers 6 to whatever it is asked: a token of six decimals, as far as prices go. */
const SIX_DECIMALS = '0x600660005260206000f3';
const SERVICE_ID = 'the-service';
const ALGORITHM: Order['algorithm'] = {
  meta: { rawcode: 'x', container: { image: 'alpine', entrypoint: 'sh $ALGO' } },
};

/** Ocean's contracts have the same addresses on both, since the same account deployed them in the same order. */
describe('a node of two chains', () => {
  let releases: AsyncDisposableStack;
  let here: Ocean;
  let there: Ocean;
  let store: MetadataStore;
  let scene: GatewayScene;
  let owner: Account;
  let cheat: Account;
  before(async () => {
    releases = new AsyncDisposableStack();
    const [first, second] = [releases.use(await startAnvil(8996)), releases.use(await startAnvil(8997))] as const;
    here = releases.use(await deployOcean(first));
    there = releases.use(await deployOcean(second));
    store = releases.use(await startMetadataStore());
    const chain = ({ chainId: id, url }: Anvil) => ({ id, rpc: [url] });
    scene = releases.use(
      await startGateway({
        moreEnvironments: [{ ...ENVIRONMENT, id: SOLD, orders: 'chain', priceMin: 0.6, feeToken: here.money }],
        variables: {
          CAPSTAN_GATEWAY_METADATA_STORE_URL: store.url,
          CAPSTAN_GATEWAY_METADATA_FRESH_S: '0',
          CAPSTAN_CHAINS: JSON.stringify([chain(first), chain(second)]),
        },
      }),
    );
    owner = here.account(1);
    cheat = here.account(2);
    await here.fund(cheat.address, 10n ** 21n);
  });
  after(() => releases.disposeAsync());

  const published = async (ocean: Ocean, publisher: Account, token: TokenPair): Promise<Ddo> => {
    const described = describeAsset({
      asset: { type: 'dataset', name: 'data', access: 'compute', isRawAllowed: true, token },
      files: [{ type: 'url', url: 'https://data.example/a' }],
      chainId: ocean.chainId,
      publicKey: publicKeyOf(scene.key),
    });
    const ddo = { ...described, services: described.services.map((service) => ({ ...service, id: SERVICE_ID })) };
    await ocean.describe(publisher, token.nftAddress, recordOf(ddo));
    return store.publish(ddo);
  };
  const quote = async (ddo: Ddo): Promise<Answer> =>
    scene.caller().call('POST', '/api/services/initializeCompute', {
      body: {
        datasets: [{ documentId: ddo.id, serviceId: SERVICE_ID }],
        algorithm: ALGORITHM,
        compute: { env: SOLD, validUntil: Math.floor(Date.now() / 1_000) + 600 },
        consumerAddress: cheat.address,
      },
    });
  const feeFor = async (ddo: Ddo): Promise<ProviderFee> => {
    const answer = await quote(ddo);
    const fee = (answer.json() as InitializeComputeAnswer).datasets[0]?.providerFee;
    return fee ?? expect.fail(answer.text);
  };
  const start = async (ddo: Ddo, transferTxId: string) => {
    const caller = createCaller(() => scene.url, new Wallet(cheat.privateKey));
    const answer = await caller.start({
      environment: SOLD,
      dataset: { documentId: ddo.id, serviceId: SERVICE_ID, transferTxId },
      algorithm: ALGORITHM,
    });
    return answer.status === 200 ? 'taken' : (answer.json() as { readonly reason?: string }).reason;
  };
  /** On the first chain, with a fee that the node has signed. */
  const order = async ({ datatokenAddress }: TokenPair, fee: ProviderFee) => {
    await here.mint(owner, datatokenAddress, cheat.address);
    const { txId, isSuccess } = await here.startOrder(cheat, { datatoken: datatokenAddress, fee });
    expect(isSuccess).to.equal(true);
    return txId;
  };

  it('is paid on each by a fee that was asked for there, and by no other', async () => {
    expect(there.money, 'the same address').to.equal(here.money);
    const token = await here.publish(owner);
    const asset = await published(here, owner, token);
    // The cheat's own, of the very same addresses.
    const twin = await there.publish(cheat);
    expect(twin).to.deep.equal(token);
    const decoy = await published(there, cheat, twin);
    // Nobody has asked for its decimals yet.
    await there.rpc('anvil_setCode', there.money, SIX_DECIMALS);
    const [dear, cheap] = [await feeFor(asset), await feeFor(decoy)];
    expect([dear, cheap].map(({ providerFeeAmount }) => providerFeeAmount)).to.deep.equal([
      '6000000000000000000',
      '6000000',
    ]);
    expect(await start(asset, await order(token, cheap))).to.equal('fee_wrong_chain');
    const transaction = await order(token, dear);
    expect(await start(decoy, transaction), 'of a chain that has never seen it').to.equal('order_absent');
    expect(await start(asset, transaction)).to.equal('taken');
  });

  it('sells nothing where its token is none, and says so', async () => {
    await there.rpc('anvil_setCode', there.money, '0x');
    await scene.gateway().stop();
    // What a token has of decimals is remembered as long as a gateway runs.
    await scene.restartGateway();
    const asset = await published(there, owner, await there.publish(owner));
    const answer = await quote(asset);
    expect(answer.status, answer.text).to.equal(400);
    expect(answer.json()).to.deep.equal({
      error: 'Compute environment does not exist',
      message:
        'The environment sold is paid in a token that is not on chain 8997. Choose another environment, or an asset of another chain.',
    });
  });
});
