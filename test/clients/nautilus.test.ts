/**
 * The calls that `@deltadao/nautilus` makes for a computation, written after its public sources (it is in no registry), over an unmodified
 * ocean.js. What it reads of answers is read here as it reads it: where a field is not there, it breaks.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'chai';
import { parseEther } from 'ethers';
import type { StatusObject } from '@capstan/shared/contract/api';
import type { Ddo } from '@capstan/shared/contract/ddo';
import type { OrderQuote } from '@capstan/shared/contract/quotes';
import { hasEnded } from '../../scripts/parts/subscription.ts';
import { CONFIRMATIONS, inSeconds, serviceOf, startMarket, tokenOf, type Market } from '../support/chain/market.ts';
import { startSubgraph, type Subgraph } from '../support/chain/subgraph.ts';
import { createTrader, type Trader } from './ocean-js-market.ts';
import { createPublisher } from './ocean-js-publisher.ts';
import { quietConsole } from './quiet.ts';

const CODE = `require('node:fs').writeFileSync('/data/outputs/done', 'yes')`;
const START_LIMIT_MS = 120_000;
const POLL_EVERY_MS = 200;
const POLL_LIMIT_MS = 50_000;

interface Token {
  readonly id: string;
  readonly orders: readonly { readonly tx: string }[];
}

describe('the calls of nautilus', () => {
  const releases = new AsyncDisposableStack();
  let market: Market;
  let subgraph: Subgraph;
  let consumer: Trader;
  let dataset: Ddo;
  let algorithm: Ddo;
  before(async function () {
    this.timeout(START_LIMIT_MS);
    releases.use(quietConsole());
    market = releases.use(await startMarket());
    subgraph = releases.use(await startSubgraph(market.ocean));
    consumer = createTrader(market.ocean.account(2).privateKey, market.chain.url);
    dataset = await market.publish();
    algorithm = await market.publishAlgorithm(CODE);
    await market.ocean.fund(consumer.signer.address, parseEther('100'));
    for (const each of [dataset, algorithm]) {
      await market.ocean.mint(market.owner, tokenOf(each), consumer.signer.address, 5);
    }
  });
  after(() => releases.disposeAsync());

  /** Both ask the metadata store for an asset, and the subgraph which order of it they have. */
  const withAccess = async (did: string) => {
    const { aquarius } = createPublisher('3.4', consumer.signer, market.node.url);
    const asset = await aquarius.resolve(did);
    const response = await fetch(subgraph.url, {
      method: 'POST',
      body: JSON.stringify({ variables: { datatokenIds: [tokenOf(asset)], account: consumer.signer.address } }),
    });
    const { data } = (await response.json()) as { readonly data: { readonly tokens: readonly Token[] } };
    return { asset, validOrderTx: data.tokens[0]?.orders[0]?.tx };
  };
  type Accessible = Awaited<ReturnType<typeof withAccess>>;

  const asked = ({ asset, validOrderTx }: Accessible) => ({
    documentId: asset.id,
    serviceId: serviceOf(asset).id,
    ...(validOrderTx === undefined ? {} : { transferTxId: validOrderTx }),
  });
  /** An order that covers all is named by the subgraph; anything else is ordered, or reused for a fee. */
  const handleOrder = async ({ asset, validOrderTx }: Accessible, quote: OrderQuote) => {
    if (quote.validOrder !== undefined && quote.providerFee === undefined) return validOrderTx ?? '';
    const transaction = await consumer.order(tokenOf(asset), quote);
    await market.ocean.mine(CONFIRMATIONS - 1);
    return transaction;
  };

  const compute = async (
    environment: string,
    forS = 600,
  ): Promise<{ job: StatusObject; orders: readonly string[] }> => {
    const { provider, signer } = consumer;
    const { url } = market.node;
    const environments = (await provider.getComputeEnvironments(url))[await signer.getChainId()] ?? [];
    expect(environments.map(({ id }) => id)).to.include(environment);
    const [data, code] = [await withAccess(dataset.id), await withAccess(algorithm.id)];
    const until = inSeconds(forS);
    const quotes = await provider.initializeCompute(
      [asked(data)],
      asked(code),
      environment,
      until,
      url,
      signer.address,
    );
    // nautilus looks for the entry of its datatoken, and reads a fee of what it finds.
    const ofData = quotes.datasets.find(({ datatoken }) => datatoken === tokenOf(dataset));
    if (ofData === undefined || quotes.algorithm === undefined) throw new TypeError('nautilus breaks here');
    const orders = [await handleOrder(code, quotes.algorithm), await handleOrder(data, ofData)];
    const [job] = (await provider.computeStart(
      url,
      signer,
      environment,
      { ...asked(data), transferTxId: orders[1] ?? '' },
      { ...asked(code), transferTxId: orders[0] ?? '' },
    )) as readonly StatusObject[];
    const signal = AbortSignal.timeout(POLL_LIMIT_MS);
    for (;;) {
      const [seen] = (await provider.computeStatus(url, signer.address, job?.jobId)) as readonly StatusObject[];
      if (seen && hasEnded(seen)) return { job: seen, orders };
      await delay(POLL_EVERY_MS, undefined, { signal });
    }
  };

  it('compute in an environment that costs nothing, and once more under the same orders', async () => {
    const first = await compute(market.freeOfCharge);
    expect(first.job).to.include({ status: 70 });
    const second = await compute(market.freeOfCharge, 300);
    expect(second.job).to.include({ status: 70 });
    expect(second.orders).to.deep.equal(first.orders);
    // For longer than it paid for, an order is reused.
    const longer = await compute(market.freeOfCharge, 900);
    expect(longer.job).to.include({ status: 70 });
    expect(longer.orders).not.to.deep.equal(first.orders);
  });

  it('compute for a fee, in orders that were made for none', async () => {
    const paid = await compute(market.node.environment);
    expect(paid.job).to.include({ status: 70 });
    expect(paid.job.results.some(({ filename }) => filename === 'done')).to.equal(true);
  });
});
