import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'chai';
import { parseEther } from 'ethers';
import type { StatusObject } from '@capstan/shared/contract/api';
import type { Ddo } from '@capstan/shared/contract/ddo';
import type { Did } from '@capstan/shared/contract/ids';
import { hasEnded } from '../../scripts/parts/subscription.ts';
import { startAssetServer, type AssetServer } from '../support/asset-server.ts';
import {
  CONFIRMATIONS,
  inSeconds,
  PRICE,
  serviceOf,
  startMarket,
  tokenOf,
  type Market,
} from '../support/chain/market.ts';
import { NODE_CONTAINER } from '../support/node.ts';
import { createTrader, type Trader } from './ocean-js-market.ts';
import { loadOceanJs } from './ocean-js.ts';
import { quietConsole } from './quiet.ts';

const CODE = `
const { readFileSync, writeFileSync } = require('node:fs');
const [did] = JSON.parse(process.env.DIDS);
writeFileSync('/data/outputs/length.json', JSON.stringify({ length: readFileSync('/data/inputs/' + did.replace('did:op:', '') + '/0').length }));
`;
const START_LIMIT_MS = 180_000;
/** What a person's page does while it shows a job. */
const POLL_EVERY_MS = 100;
const POLL_LIMIT_MS = 60_000;

describe('ocean.js 3.4, which publishes, pays and computes', () => {
  const releases = new AsyncDisposableStack();
  const { downloadFile } = loadOceanJs('3.4');
  let market: Market;
  let server: AssetServer;
  let owner: Trader;
  let consumer: Trader;
  let dataset: Ddo;
  let algorithm: Ddo;
  before(async function () {
    this.timeout(START_LIMIT_MS);
    releases.use(quietConsole());
    server = releases.use(await startAssetServer());
    market = releases.use(await startMarket({ CAPSTAN_RUNNER_FETCH_ALLOW_PRIVATE: '["127.0.0.0/8"]' }));
    owner = createTrader(market.ocean.account(1).privateKey, market.chain.url);
    consumer = createTrader(market.ocean.account(2).privateKey, market.chain.url);
    await market.ocean.fund(consumer.signer.address, parseEther('100'));
  });
  after(() => releases.disposeAsync());

  /** As an owner does: tokens, then the files encrypted by the node, then the description for all to see. */
  const publish = async (url: string, asset: Pick<Ddo, 'metadata'> & { type: 'access' | 'compute' }): Promise<Ddo> => {
    const token = await owner.publish(market.ocean.factory);
    const files = { ...token, files: [{ type: 'url', url, method: 'GET' }] };
    const sealed = await owner.provider.encrypt(files, market.chain.chainId, market.node.url);
    expect(sealed).to.match(/^0x[0-9a-f]+$/);
    const ddo: Ddo = {
      id: owner.didOf(token.nftAddress) as Did,
      nftAddress: token.nftAddress,
      chainId: market.chain.chainId,
      version: '4.5.0',
      metadata: asset.metadata,
      services: [
        {
          id: 'service',
          type: asset.type,
          files: sealed,
          datatokenAddress: token.datatokenAddress,
          serviceEndpoint: market.node.url,
          timeout: 86_400,
          ...(asset.type === 'compute' ? { compute: { allowRawAlgorithm: false, allowNetworkAccess: false } } : {}),
        },
      ],
    };
    await market.node.writeDdo(ddo);
    await owner.mint(token.datatokenAddress, consumer.signer.address);
    return ddo;
  };

  const asked = (ddo: Ddo, transferTxId?: string) => ({
    documentId: ddo.id,
    serviceId: serviceOf(ddo).id,
    ...(transferTxId === undefined ? {} : { transferTxId }),
  });
  const initialize = (validUntil: number, orders: { dataset?: string; algorithm?: string } = {}) =>
    consumer.provider.initializeCompute(
      [asked(dataset, orders.dataset)],
      asked(algorithm, orders.algorithm),
      market.node.environment,
      validUntil,
      market.node.url,
      consumer.signer.address,
    );
  const order = async (quotes: Awaited<ReturnType<typeof initialize>>) => {
    const orders = {
      dataset: await consumer.order(tokenOf(dataset), quotes.datasets[0] ?? {}),
      algorithm: await consumer.order(tokenOf(algorithm), quotes.algorithm ?? {}),
    };
    await market.ocean.mine(CONFIRMATIONS - 1);
    return orders;
  };
  const compute = async (orders: Awaited<ReturnType<typeof order>>): Promise<StatusObject> => {
    const { provider, signer } = consumer;
    const { url, environment } = market.node;
    const jobs = await provider.computeStart(
      url,
      signer,
      environment,
      { ...asked(dataset), transferTxId: orders.dataset },
      { ...asked(algorithm), transferTxId: orders.algorithm },
    );
    const [job] = jobs as readonly StatusObject[];
    if (!job) throw new Error('the node named no job');
    const signal = AbortSignal.timeout(POLL_LIMIT_MS);
    for (;;) {
      const [seen] = (await provider.computeStatus(url, signer.address, job.jobId)) as readonly StatusObject[];
      if (seen && hasEnded(seen)) return seen;
      await delay(POLL_EVERY_MS, undefined, { signal });
    }
  };
  const resultOf = async ({ jobId, results }: StatusObject) => {
    const index = results.findIndex(({ type }) => type === 'output');
    const url = await consumer.provider.getComputeResultUrl(market.node.url, consumer.signer, jobId, index);
    return Buffer.from((await downloadFile(url)).data).toString('utf8');
  };

  let orders: Awaited<ReturnType<typeof order>>;

  it('publishes: tokens on the chain, files that the node encrypts', async () => {
    const data = server.serve('/data.txt', { kind: 'file', body: '0123456789' });
    const code = server.serve('/code.js', { kind: 'file', body: CODE });
    dataset = await publish(data, { type: 'compute', metadata: { type: 'dataset', name: 'Ten digits' } });
    algorithm = await publish(code, {
      type: 'access',
      metadata: { type: 'algorithm', name: 'Counts', algorithm: { container: NODE_CONTAINER } },
    });
    expect(await market.ocean.balanceOf(tokenOf(dataset), consumer.signer.address)).to.equal(parseEther('5'));
  });

  it('asks for the price of a single service, too', async () => {
    const { provider, signer } = consumer;
    const { url, environment } = market.node;
    const { id } = serviceOf(dataset);
    const soon = inSeconds(60);
    const quote = await provider.initialize(
      dataset.id,
      id,
      0,
      signer.address,
      url,
      undefined,
      undefined,
      environment,
      soon,
    );
    expect(quote).to.have.property('datatoken', tokenOf(dataset));
    expect(quote.providerFee?.providerFeeAmount).to.equal(String(parseEther(String(PRICE))));
  });

  it('asks for the price, orders, computes, and reads the result', async () => {
    orders = await order(await initialize(inSeconds(600)));
    const job = await compute(orders);
    expect(job).to.include({ status: 70 });
    expect(JSON.parse(await resultOf(job))).to.deep.equal({ length: 10 });
  });

  it('computes again under the same orders without paying again', async () => {
    const quotes = await initialize(inSeconds(300), orders);
    expect(quotes.datasets).to.deep.equal([{ validOrder: orders.dataset }]);
    expect(await order(quotes)).to.deep.equal(orders);
    expect(await compute(orders)).to.include({ status: 70 });
  });

  it('reuses its orders for a fee, once the old one pays for too little', async () => {
    const quotes = await initialize(inSeconds(3_000), orders);
    expect(quotes.datasets[0]).to.have.property('validOrder', orders.dataset);
    const again = await order(quotes);
    expect(again.dataset).not.to.equal(orders.dataset);
    expect(await compute(again)).to.include({ status: 70 });
  });

  it('gets no job for an order of another asset', async () => {
    const answer = await consumer.provider.computeStart(
      market.node.url,
      consumer.signer,
      market.node.environment,
      { ...asked(dataset), transferTxId: orders.algorithm },
      { ...asked(algorithm), transferTxId: orders.algorithm },
    );
    // The node's reason goes to the console: this client hands on none.
    expect(answer).to.equal(null);
  });
});
