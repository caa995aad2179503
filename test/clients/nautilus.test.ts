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
import { loadOceanJs } from './ocean-js.ts';
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
  let further: Ddo;
  let algorithm: Ddo;
  before(async function () {
    this.timeout(START_LIMIT_MS);
    releases.use(quietConsole());
    market = releases.use(await startMarket());
    subgraph = releases.use(await startSubgraph(market.ocean));
    consumer = createTrader(market.ocean.account(2).privateKey, market.chain.url);
    dataset = await market.publish();
    further = await market.publish();
    algorithm = await market.publishAlgorithm(CODE);
    await market.ocean.fund(consumer.signer.address, parseEther('100'));
    for (const each of [dataset, further, algorithm]) {
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

  /** Where an asset is served, and all that it asks about it: a description that does not say so ends it. */
  const endpointOf = (asset: Ddo): string => {
    const { serviceEndpoint } = serviceOf(asset);
    if (serviceEndpoint === undefined) throw new TypeError('nautilus breaks here');
    return serviceEndpoint;
  };

  interface Wanted {
    readonly environment: string;
    readonly forS?: number;
    /** Beside the first. */
    readonly additional?: readonly Ddo[];
  }

  const compute = async ({
    environment,
    forS = 600,
    additional = [],
  }: Wanted): Promise<{ job: StatusObject; orders: readonly string[] }> => {
    const { provider, signer } = consumer;
    const [code, data, ...others] = [
      await withAccess(algorithm.id),
      await withAccess(dataset.id),
      ...(await Promise.all(additional.map(({ id }) => withAccess(id)))),
    ];
    const url = endpointOf(data.asset);
    const environments = (await provider.getComputeEnvironments(url))[await signer.getChainId()] ?? [];
    expect(environments.map(({ id }) => id)).to.include(environment);
    const until = inSeconds(forS);
    const all = [data, ...others];
    const quotes = await provider.initializeCompute(
      all.map(asked),
      asked(code),
      environment,
      until,
      url,
      signer.address,
    );
    if (quotes.algorithm === undefined) throw new TypeError('nautilus breaks here');
    const orders = [await handleOrder(code, quotes.algorithm)];
    for (const each of all) {
      // It looks for the entry of its datatoken, and reads a fee of what it finds.
      const quote = quotes.datasets.find(({ datatoken }) => datatoken === tokenOf(each.asset));
      if (quote === undefined) throw new TypeError('nautilus breaks here');
      orders.push(await handleOrder(each, quote));
    }
    const [job] = (await provider.computeStart(
      url,
      signer,
      environment,
      // What its caller named the dataset by goes along, and of further datasets the whole description.
      { ...asked(data), transferTxId: orders[1] ?? '', did: dataset.id },
      { ...asked(code), transferTxId: orders[0] ?? '', did: algorithm.id },
      undefined,
      others.map((other, i) => ({
        ...asked(other),
        transferTxId: orders[i + 2] ?? '',
        ...other.asset,
        accessDetails: { type: 'free', isOwned: true, validOrderTx: other.validOrderTx },
      })),
      { publishAlgorithmLog: true, publishOutput: true },
    )) as readonly StatusObject[];
    const signal = AbortSignal.timeout(POLL_LIMIT_MS);
    for (;;) {
      const jobs = (await provider.computeStatus(url, signer.address, job?.jobId)) as readonly StatusObject[];
      const seen = jobs.find(({ jobId }) => jobId === job?.jobId);
      if (seen && hasEnded(seen)) return { job: seen, orders };
      await delay(POLL_EVERY_MS, undefined, { signal });
    }
  };

  /** The first output, by its place in the list. */
  const retrieveResult = async ({ jobId, results }: StatusObject): Promise<string> => {
    const index = results.findIndex(({ type }) => type === 'output');
    const { provider, signer } = consumer;
    const { downloadFile } = loadOceanJs('3.4');
    const file = await downloadFile(await provider.getComputeResultUrl(market.node.url, signer, jobId, index));
    return Buffer.from(file.data).toString();
  };

  it('compute in an environment that costs nothing, and once more under the same orders', async () => {
    const first = await compute({ environment: market.freeOfCharge });
    expect(first.job).to.include({ status: 70 });
    const second = await compute({ environment: market.freeOfCharge, forS: 300 });
    expect(second.job).to.include({ status: 70 });
    expect(second.orders).to.deep.equal(first.orders);
    // For longer than it paid for, an order is reused.
    const longer = await compute({ environment: market.freeOfCharge, forS: 900 });
    expect(longer.job).to.include({ status: 70 });
    expect(longer.orders).not.to.deep.equal(first.orders);
  });

  it('compute for a fee, in orders that were made for none', async () => {
    const paid = await compute({ environment: market.node.environment });
    expect(paid.job).to.include({ status: 70 });
    expect(await retrieveResult(paid.job)).to.equal('yes');
  });

  it('compute on two datasets, the second with its whole description', async () => {
    const both = await compute({ environment: market.freeOfCharge, additional: [further] });
    expect(both.job).to.include({ status: 70 });
    expect(both.job.inputDID).to.deep.equal([dataset.id, further.id]);
  });
});
