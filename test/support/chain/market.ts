/** A whole node that sells on a real chain, with Ocean's contracts on it, an owner who publishes and consumers who pay, or cheat. */
import { join } from 'node:path';
import { expect } from 'chai';
import { getAddress, parseEther, SigningKey, Wallet } from 'ethers';
import type { StartRequest } from '@capstan/shared/contract/api';
import type { InitializeComputeAnswer, OrderQuote, ProviderFee } from '@capstan/shared/contract/quotes';
import type { Ddo } from '@capstan/shared/contract/ddo';
import { loadOrCreateNodeKey } from '@capstan/shared/crypto/node-key';
import type { NewAsset } from '../../../scripts/catalogue/ddo.ts';
import { startAnvil, type Anvil } from '../../../scripts/parts/anvil.ts';
import { createConsumer, type Consumer, type Order } from '../../../scripts/parts/consumer.ts';
import { deployOcean, type Account, type NewOrder, type Ocean, type TokenPair } from '../../../scripts/parts/ocean.ts';
import { ROOT } from '../../../scripts/parts/service.ts';
import { feeDigest, providerDataOf, type FeeSubject } from '../../../services/gateway/src/orders/fees.ts';
import { startTestNode, TEST_PREFIX, type TestNode } from '../node.ts';
import { startRpcProxy, type RpcProxy } from './rpc-proxy.ts';

export const CONFIRMATIONS = 2;
export const SETTLED_AFTER = 8;
/** Price of a minute, in whole tokens. */
export const PRICE = 0.6;
/** The chain's clock is so far behind, so that orders can be old without anybody waiting. */
export const BEHIND_S = 3_600;
const RPC_TIMEOUT_S = 1;

export interface Market extends AsyncDisposable {
  readonly chain: Anvil;
  readonly ocean: Ocean;
  readonly node: TestNode;
  /** The node's two endpoints, the one that it prefers first. */
  readonly endpoints: readonly [RpcProxy, RpcProxy];
  /** Another environment of the same node, which costs nothing. */
  readonly freeOfCharge: string;
  readonly owner: Account;
  readonly nodeAddress: string;
  publish(asset?: Partial<NewAsset>): Promise<Ddo>;
  publishAlgorithm(code: string): Promise<Ddo>;
  /** Somebody with money and with tokens of these assets. */
  consumer(...assets: readonly Ddo[]): Promise<Buyer>;
  /** A fee that the node's own key signs, on whatever terms. */
  sign(terms: Terms): ProviderFee;
}

interface Terms extends Partial<FeeSubject> {
  readonly ddo: Ddo;
  readonly amount?: bigint;
  readonly token?: string;
  readonly validUntil?: number;
  /** Whose fee it is; the node's own, if absent. */
  readonly key?: string;
}

export interface Buyer extends Consumer {
  readonly account: Account;
  initialize(assets: Assets, more?: Asking): Promise<InitializeComputeAnswer>;
  /** Does with an asset what the node's answer says, and waits for the confirmations. Resolves to the order's transaction. */
  order(ddo: Ddo, quote: OrderQuote | undefined): Promise<string>;
  /** Orders both as an honest consumer does. */
  buy(assets: Assets, more?: Asking): Promise<Order>;
  /** What becomes of a start request: the status, and the reason if it is refused. */
  attempt(order: Order): Promise<Attempted>;
}

export interface Assets {
  readonly dataset: Ddo;
  readonly algorithm: Ddo;
}

interface Asking {
  readonly environment?: string;
  readonly validUntil?: number;
  readonly transferTxIds?: Readonly<Record<string, string>>;
}

export interface Attempted {
  readonly status: number;
  readonly reason: string | undefined;
  readonly error: unknown;
  readonly message: string | undefined;
  readonly jobId: string | undefined;
  readonly headers: Headers;
}

export const inSeconds = (seconds: number) => Math.floor(Date.now() / 1_000) + seconds;

/** `variables`: further `CAPSTAN_…` settings of the node. */
export async function startMarket(variables: Readonly<Record<string, string>> = {}): Promise<Market> {
  await using releases = new AsyncDisposableStack();
  const chain = releases.use(await startAnvil(8996, { startsAtS: inSeconds(-BEHIND_S) }));
  const ocean = releases.use(await deployOcean(chain));
  const endpoints = [
    releases.use(await startRpcProxy(chain.url)),
    releases.use(await startRpcProxy(chain.url)),
  ] as const;
  const id = `${TEST_PREFIX}market`;
  const sold = { orders: 'chain', feeToken: ocean.money } as const;
  const node = releases.use(
    await startTestNode({
      limits: { ...sold, priceMin: PRICE },
      moreEnvironments: [{ ...sold, id: `${id}-free`, priceMin: 0 }],
      variables: {
        ...variables,
        CAPSTAN_CHAINS: JSON.stringify([
          {
            id: chain.chainId,
            rpc: endpoints.map(({ url }) => url),
            confirmations: CONFIRMATIONS,
            settledAfter: SETTLED_AFTER,
            timeoutS: RPC_TIMEOUT_S,
          },
        ]),
      },
    }),
  );
  const key = `0x${(await loadOrCreateNodeKey(join(node.dataDir, 'node.key'))).secret().toString('hex')}`;
  const owner = ocean.account(1);
  const kept = releases.move();
  let accounts = 2;

  const publishToken = () => ocean.publish(owner);
  const publish = async (asset: Partial<NewAsset> = {}): Promise<Ddo> => {
    const token: TokenPair = asset.token ?? (await publishToken());
    const described = { type: 'dataset', name: 'Sold data', access: 'compute', isRawAllowed: true, ...asset } as const;
    return node.catalogue.add({ ...described, token }, [join(ROOT, 'demo', 'data', 'weather.csv')]);
  };

  return {
    chain,
    ocean,
    node,
    endpoints,
    freeOfCharge: `${id}-free`,
    owner,
    nodeAddress: new Wallet(key).address,
    publish,
    async publishAlgorithm(code) {
      const ddo = await node.addAlgorithm({ code, token: await publishToken() });
      return ddo;
    },
    sign: (terms) => signed(terms, { environment: node.environment, ownKey: key }),
    async consumer(...assets) {
      const account = ocean.account(accounts);
      accounts += 1;
      for (const ddo of assets) await ocean.mint(owner, tokenOf(ddo), account.address, 20);
      await ocean.fund(account.address, parseEther('10000'));
      return buyer({ account, ocean, node });
    },
    async [Symbol.asyncDispose]() {
      await kept.disposeAsync();
    },
  };
}

export function serviceOf(ddo: Ddo): Ddo['services'][number] {
  const [service] = ddo.services;
  if (!service) throw new Error('an asset has a service');
  return service;
}

export const tokenOf = (ddo: Ddo) => serviceOf(ddo).datatokenAddress;

function buyer({ account, ocean, node }: { account: Account; ocean: Ocean; node: TestNode }): Buyer {
  const consumer = createConsumer(node.url, account);
  const initialize: Buyer['initialize'] = async ({ dataset, algorithm }, more = {}) => {
    const { environment = node.environment, validUntil = inSeconds(600), transferTxIds = {} } = more;
    const asset = (ddo: Ddo) => ({
      documentId: ddo.id,
      serviceId: serviceOf(ddo).id,
      transferTxId: transferTxIds[ddo.id],
    });
    const body = {
      datasets: [asset(dataset)],
      algorithm: asset(algorithm),
      compute: { env: environment, validUntil },
      consumerAddress: account.address,
    };
    const response = await fetch(`${node.url}/api/services/initializeCompute`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    const answer = await response.text();
    expect(response.status, answer).to.equal(200);
    return JSON.parse(answer) as InitializeComputeAnswer;
  };
  const order: Buyer['order'] = async (ddo, { providerFee, validOrder } = {}) => {
    if (!providerFee) return validOrder ?? '';
    const wanted: NewOrder = { datatoken: tokenOf(ddo), fee: providerFee };
    const mined = validOrder
      ? await ocean.reuseOrder(account, validOrder, wanted)
      : await ocean.startOrder(account, wanted);
    expect(mined.isSuccess, 'the order on the chain').to.equal(true);
    await ocean.mine(CONFIRMATIONS - 1);
    return mined.txId;
  };
  return {
    ...consumer,
    account,
    initialize,
    order,
    async buy(assets, more = {}) {
      const quotes = await initialize(assets, more);
      return orderOf(assets, more.environment ?? node.environment, {
        dataset: await order(assets.dataset, quotes.datasets[0]),
        algorithm: await order(assets.algorithm, quotes.algorithm),
      });
    },
    async attempt(wanted) {
      const response = await consumer.postStart(await consumer.startBody(wanted));
      const body = (await response.json()) as Record<string, unknown> | readonly Record<string, unknown>[];
      const [job] = Array.isArray(body) ? (body as Record<string, unknown>[]) : [];
      const refusal = Array.isArray(body) ? {} : (body as Record<string, unknown>);
      return {
        status: response.status,
        reason: refusal['reason'] as string | undefined,
        error: refusal['error'],
        message: refusal['message'] as string | undefined,
        jobId: job?.['jobId'] as string | undefined,
        headers: response.headers,
      };
    },
  };
}

export function orderOf(
  { dataset, algorithm }: Assets,
  environment: string,
  transactions: { readonly dataset: string; readonly algorithm?: string },
): Order {
  const asset = (ddo: Ddo, transferTxId: string): StartRequest['dataset'] => ({
    documentId: ddo.id,
    serviceId: serviceOf(ddo).id,
    transferTxId,
  });
  return {
    environment,
    dataset: asset(dataset, transactions.dataset),
    algorithm: asset(algorithm, transactions.algorithm ?? ''),
  };
}

interface Signing {
  readonly environment: string;
  readonly ownKey: string;
}

function signed(terms: Terms, { environment, ownKey }: Signing): ProviderFee {
  const { ddo, amount = 0n, token = `0x${'0'.repeat(40)}`, validUntil = inSeconds(600), key = ownKey } = terms;
  const fee = {
    providerData: providerDataOf({
      environment: terms.environment ?? environment,
      timestamp: inSeconds(0),
      dt: terms.dt ?? tokenOf(ddo),
      id: terms.id ?? serviceOf(ddo).id,
    }),
    providerFeeAddress: new Wallet(key).address,
    providerFeeToken: getAddress(token),
    providerFeeAmount: amount,
    validUntil: BigInt(validUntil),
  };
  const { v, r, s } = new SigningKey(key).sign(feeDigest(fee));
  return { ...fee, providerFeeAmount: String(amount), validUntil, v, r, s };
}
