import { expect } from 'chai';
import { parseEther } from 'ethers';
import type { Ddo } from '@capstan/shared/contract/ddo';
import {
  BEHIND_S,
  CONFIRMATIONS,
  inSeconds,
  orderOf,
  PRICE,
  SETTLED_AFTER,
  startMarket,
  type Assets,
  type Buyer,
  type Market,
} from '../support/chain/market.ts';

const CODE = `require('node:fs').writeFileSync('/data/outputs/done', 'paid for')`;
const ENDLESS = `setInterval(() => {}, 1000)`;
const START_LIMIT_MS = 180_000;
/** Jobs that run at once. */
const PLACES = 2;

describe('a job that is paid for on a real chain', () => {
  let market: Market;
  let dataset: Ddo;
  let algorithm: Ddo;
  let assets: Assets;
  let buyer: Buyer;
  before(async function () {
    this.timeout(START_LIMIT_MS);
    market = await startMarket();
    dataset = await market.publish();
    algorithm = await market.publishAlgorithm(CODE);
    assets = { dataset, algorithm };
    buyer = await market.consumer(dataset, algorithm);
  });
  after(() => market[Symbol.asyncDispose]());

  const ended = async (order: Parameters<Buyer['start']>[0], who = buyer) => {
    await using live = await who.follow();
    const { jobId } = await who.start(order);
    return (await live.ended(jobId)).job;
  };

  it('runs, and the node has its fee', async () => {
    const before = await market.ocean.balanceOf(market.ocean.money, market.nodeAddress);
    const quotes = await buyer.initialize(assets, { validUntil: inSeconds(600) });
    const [fee] = quotes.datasets.map(({ providerFee }) => providerFee);
    expect(fee).to.include({
      providerFeeAddress: market.nodeAddress,
      providerFeeToken: market.ocean.money,
      providerFeeAmount: String(parseEther(String(PRICE)) * 10n),
    });
    expect(quotes.algorithm?.providerFee?.providerFeeAmount, 'one fee a job').to.equal('0');
    const order = orderOf(assets, market.node.environment, {
      dataset: await buyer.order(dataset, quotes.datasets[0]),
      algorithm: await buyer.order(algorithm, quotes.algorithm),
    });
    expect(await ended(order)).to.include({ status: 70, agreementId: order.dataset.transferTxId });
    const after = await market.ocean.balanceOf(market.ocean.money, market.nodeAddress);
    expect(after - before).to.equal(parseEther('6'));
  });

  it('runs again under the same orders, which the node then knows to be valid', async () => {
    const order = await buyer.buy(assets);
    expect(await ended(order)).to.include({ status: 70 });
    const transferTxIds = {
      [dataset.id]: order.dataset.transferTxId,
      [algorithm.id]: order.algorithm.transferTxId ?? '',
    };
    const sooner = { transferTxIds, validUntil: inSeconds(300) };
    expect(await buyer.initialize(assets, sooner)).to.deep.equal({
      datasets: [{ validOrder: order.dataset.transferTxId }],
      algorithm: { validOrder: order.algorithm.transferTxId },
    });
    expect(await ended(order)).to.include({ status: 70 });
  });

  it('runs under a reused order, whose new fee pays for longer', async () => {
    const first = await buyer.buy(assets);
    expect(await ended(first)).to.include({ status: 70 });
    const transferTxIds = {
      [dataset.id]: first.dataset.transferTxId,
      [algorithm.id]: first.algorithm.transferTxId ?? '',
    };
    const longer = { transferTxIds, validUntil: inSeconds(6_000) };
    const quotes = await buyer.initialize(assets, longer);
    expect(quotes.datasets[0]?.validOrder).to.equal(first.dataset.transferTxId);
    expect(quotes.datasets[0]?.providerFee?.providerFeeAmount).to.equal(String(parseEther(String(PRICE)) * 100n));
    const again = await buyer.buy(assets, longer);
    expect(again.dataset.transferTxId).not.to.equal(first.dataset.transferTxId);
    expect(await ended(again)).to.include({ status: 70 });
  });

  it('is run again as the same job, as long as its orders are there', async () => {
    const order = await buyer.buy(assets);
    const { jobId } = await ended(order);
    expect(await ended({ ...order, jobId })).to.include({ status: 70, jobId });

    const snapshot = await market.ocean.rpc('evm_snapshot');
    const doomed = await buyer.buy(assets);
    const { jobId: other } = await ended(doomed);
    await market.ocean.rpc('evm_revert', snapshot);
    const refused = await buyer.attempt({ ...doomed, jobId: other });
    expect(refused).to.include({ status: 400, reason: 'order_absent' });
  });

  it('runs for anyone whom the order was made for, whoever paid', async () => {
    const friend = await market.consumer();
    const quotes = await buyer.initialize(assets);
    const [datasetQuote] = quotes.datasets;
    const pay = async (ddo: Ddo, fee = datasetQuote?.providerFee) => {
      if (!fee) throw new Error('there is a fee');
      const datatoken = ddo.services[0]?.datatokenAddress ?? '';
      const { txId } = await market.ocean.startOrder(buyer.account, { datatoken, fee, consumer: friend.address });
      await market.ocean.mine(CONFIRMATIONS - 1);
      return txId;
    };
    const order = orderOf(assets, market.node.environment, {
      dataset: await pay(dataset),
      algorithm: await pay(algorithm, quotes.algorithm?.providerFee),
    });
    expect(await ended(order, friend)).to.include({ status: 70 });
  });

  it('runs no longer than its fee pays for', async () => {
    const endless = await market.publishAlgorithm(ENDLESS);
    const longRunner = await market.consumer(dataset, endless);
    const order = await longRunner.buy({ dataset, algorithm: endless }, { validUntil: inSeconds(4) });
    const job = await ended(order, longRunner);
    expect(job).to.include({ status: 43 });
    expect(job.terminationDetails?.reason).to.match(
      /^The algorithm ran longer than [1-4] seconds, the limit of this job/,
    );
  });

  it('runs no longer than that, although the runner dies meanwhile', async () => {
    const endless = await market.publishAlgorithm(ENDLESS);
    const longRunner = await market.consumer(dataset, endless);
    const order = await longRunner.buy({ dataset, algorithm: endless }, { validUntil: inSeconds(5) });
    await using live = await longRunner.follow();
    const { jobId } = await longRunner.start(order);
    await live.until(({ status }) => status === 40, 'a running algorithm');
    await market.node.runner().kill();
    await market.node.restart('runner');
    const { job } = await live.ended(jobId);
    expect(job).to.include({ status: 43 });
    expect(job.terminationDetails?.reason).to.include('its order pays for no more');
  });

  it('that is stopped before it began leaves its orders what they were', async () => {
    const endless = await market.publishAlgorithm(ENDLESS);
    const occupying = await market.consumer(dataset, endless);
    await using occupied = new AsyncDisposableStack();
    for (let count = 0; count < PLACES; count += 1) {
      const { jobId } = await occupying.start(await occupying.buy({ dataset, algorithm: endless }));
      occupied.defer(async () => void (await occupying.remove(jobId)));
    }
    const order = await buyer.buy(assets);
    await using live = await buyer.follow();
    const { jobId } = await buyer.start(order);
    expect((await buyer.status({ jobId }))[0]?.status, 'it waits').to.equal(1);
    const whileItWaits = await buyer.attempt(order);
    expect(whileItWaits).to.include({ status: 400, reason: 'order_in_use' });
    await buyer.stop(jobId);
    const { job } = await live.ended(jobId);
    expect(job).to.include({ status: 7, agreementId: order.dataset.transferTxId });
    expect(job.terminationDetails).to.deep.include({ exitCode: null, OOMKilled: false });
    expect(job.terminationDetails?.reason, 'it says that nothing ran').to.match(/before/);
    const transferTxIds = {
      [dataset.id]: order.dataset.transferTxId,
      [algorithm.id]: order.algorithm.transferTxId ?? '',
    };
    expect(await buyer.initialize(assets, { transferTxIds, validUntil: inSeconds(300) })).to.deep.equal({
      datasets: [{ validOrder: order.dataset.transferTxId }],
      algorithm: { validOrder: order.algorithm.transferTxId },
    });
    const again = await buyer.start(order);
    await occupied.disposeAsync();
    expect((await live.ended(again.jobId)).job).to.include({ status: 70 });
  });

  it('takes an environment without a price for what it is', async () => {
    const freeFee = await buyer.initialize(assets, { environment: market.freeOfCharge });
    expect(freeFee.datasets[0]?.providerFee?.providerFeeAmount).to.equal('0');
    const order = await buyer.buy(assets, { environment: market.freeOfCharge });
    expect(await ended(order)).to.include({ status: 70 });
  });

  it('runs under an order that lasts for a time, as long as it does', async () => {
    // The chain's clock is an hour behind: so old is each order here.
    const lasting = await market.publish({ timeoutS: BEHIND_S * 2 });
    const who = await market.consumer(lasting, algorithm);
    expect(await ended(await who.buy({ dataset: lasting, algorithm }), who)).to.include({ status: 70 });
  });

  describe('costs the chain', () => {
    const counted = async (work: () => Promise<unknown>) => {
      const total = () => market.endpoints.reduce((sum, endpoint) => sum + endpoint.requests(), 0);
      const before = total();
      await work();
      return total() - before;
    };

    it('one round trip for orders that are new, two for reused ones, none for those that are settled and known', async () => {
      const order = await buyer.buy(assets);
      expect(await counted(() => ended(order)), 'new').to.equal(1);
      await market.ocean.mine(SETTLED_AFTER);
      // What is kept for good is asked of both endpoints first.
      expect(await counted(() => ended(order)), 'settled, first seen as such').to.equal(3);
      expect(await counted(() => ended(order)), 'settled').to.equal(0);
      const transferTxIds = {
        [dataset.id]: order.dataset.transferTxId,
        [algorithm.id]: order.algorithm.transferTxId ?? '',
      };
      const fresh = await market.publish();
      const who = await market.consumer(fresh, algorithm);
      const unseen = await who.buy({ dataset: fresh, algorithm });
      const reused = await buyer.buy(assets, { transferTxIds, validUntil: inSeconds(6_000) });
      expect(await counted(() => ended(unseen, who)), 'a token never seen before, its order settled by now').to.equal(
        3,
      );
      expect(await counted(() => ended(reused)), 'reused, its start settled').to.equal(1);
      const young = await market.publish();
      const newcomer = await market.consumer(young, algorithm);
      const started = await newcomer.buy({ dataset: young, algorithm });
      const reuse = { transferTxIds: { [young.id]: started.dataset.transferTxId }, validUntil: inSeconds(6_000) };
      const both = await newcomer.buy({ dataset: young, algorithm }, reuse);
      expect(
        await counted(() => ended(both, newcomer)),
        'reused, its start only counted, the order of the algorithm settled',
      ).to.equal(4);
    });

    it('and waits with a clear answer while no endpoint can be asked; the second stands in for the first', async () => {
      const [first, second] = market.endpoints;
      const order = await buyer.buy(assets);
      first.become('refuses');
      expect(await ended(order)).to.include({ status: 70 });
      for (const mood of ['refuses', 'odd', 'silent'] as const) {
        first.become(mood);
        second.become(mood);
        const refused = await buyer.attempt(order);
        expect(refused, mood).to.include({ status: 503, jobId: undefined });
        expect(refused.headers.get('retry-after')).to.match(/^\d+$/);
      }
      first.become('works');
      second.become('works');
      expect(await ended(order)).to.include({ status: 70 });
    });
  });
});
