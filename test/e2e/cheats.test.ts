import { expect } from 'chai';
import { getCreateAddress, parseEther, Wallet } from 'ethers';
import type { OrderQuote, ProviderFee } from '@capstan/shared/contract/quotes';
import type { Ddo } from '@capstan/shared/contract/ddo';
import type { Order } from '../../scripts/parts/consumer.ts';
import {
  BEHIND_S,
  CONFIRMATIONS,
  inSeconds,
  orderOf,
  startMarket,
  tokenOf,
  type Assets,
  type Buyer,
  type Market,
} from '../support/chain/market.ts';
import { calling, contractThat, paid, startedBy, YES_MAN, type Act } from '../support/chain/spoof.ts';

const START_LIMIT_MS = 180_000;
const ONE = 10n ** 18n;

describe('a consumer who cheats, on a real chain', () => {
  let market: Market;
  let dataset: Ddo;
  let algorithm: Ddo;
  let assets: Assets;
  let cheat: Buyer;
  /** An order of the algorithm that nothing is wrong with; the fee of the job comes with the dataset. */
  let goodAlgorithm: string;
  before(async function () {
    this.timeout(START_LIMIT_MS);
    market = await startMarket();
    dataset = await market.publish();
    algorithm = await market.publishAlgorithm('setInterval(() => {}, 1000)');
    assets = { dataset, algorithm };
    cheat = await market.consumer(dataset, algorithm);
    goodAlgorithm = await cheat.order(algorithm, (await cheat.initialize(assets)).algorithm);
  });
  after(() => market[Symbol.asyncDispose]());

  const mined = async (transaction: Promise<{ readonly txId: string }>) => {
    const { txId } = await transaction;
    await market.ocean.mine(CONFIRMATIONS - 1);
    return txId;
  };
  const feeIn = (quote: OrderQuote | undefined): ProviderFee => {
    if (!quote?.providerFee) throw new Error('the node asks for a fee');
    return quote.providerFee;
  };
  const honestFee = async (of: Assets = assets) => feeIn((await cheat.initialize(of)).datasets[0]);
  const start = (fee: ProviderFee, more: { datatoken?: string; serviceIndex?: number; consumer?: string } = {}) =>
    mined(market.ocean.startOrder(cheat.account, { datatoken: tokenOf(dataset), fee, ...more }));
  const withDataset = (transferTxId: string, of: Assets = assets): Order =>
    orderOf(of, market.node.environment, { dataset: transferTxId, algorithm: goodAlgorithm });

  const expectRefused = async (order: Order, reason: string, who = cheat) => {
    const { status, reason: given, error, message = '', jobId } = await who.attempt(order);
    expect({ status, reason: given, jobId }, message).to.deep.equal({ status: 400, reason, jobId: undefined });
    expect(message).to.match(/^.{20,}\.$/);
    return error;
  };

  const started = (amount = ONE) => startedBy(cheat.address, amount, inSeconds(0));
  const deploy = (...acts: readonly Act[]) => mined(market.ocean.send(cheat.account, { data: contractThat(...acts) }));
  const nextContract = async () => {
    const nonce = Number(await market.ocean.rpc('eth_getTransactionCount', cheat.address, 'pending'));
    return getCreateAddress({ from: cheat.address, nonce });
  };
  /** An asset whose token is the very next contract of the cheat, and whose NFT vouches for anything. */
  const ownAsset = async () => {
    const yes = await market.ocean.send(cheat.account, { data: YES_MAN });
    const datatokenAddress = await nextContract();
    return market.publish({ token: { nftAddress: yes.contractAddress ?? '', datatokenAddress } });
  };

  describe('is refused', () => {
    it('a transaction that never was', async () => {
      const error = await expectRefused(withDataset(`0x${'ab'.repeat(32)}`), 'order_absent');
      expect(error).to.deep.equal({ 'dataset.serviceId': 'order_invalid' });
    });

    it('a text that is no transaction', () => expectRefused(withDataset('0xfree'), 'order_absent'));

    it('an algorithm that was not ordered', async () => {
      const order = withDataset(await start(await honestFee()));
      const { transferTxId: _, ...rest } = order.algorithm;
      const error = await expectRefused({ ...order, algorithm: rest }, 'order_missing');
      expect(error).to.deep.equal({ algorithm: 'in_use_or_not_on_chain' });
    });

    it('a transaction that failed', async () => {
      const poor = await market.consumer();
      const fee = feeIn((await poor.initialize(assets)).datasets[0]);
      const txId = await mined(market.ocean.startOrder(poor.account, { datatoken: tokenOf(dataset), fee }));
      await expectRefused(withDataset(txId), 'order_failed', poor);
    });

    it('an order whose fee was made smaller, which the token does not take', async () => {
      const txId = await start({ ...(await honestFee()), providerFeeAmount: '1' });
      await expectRefused(withDataset(txId), 'order_failed');
    });

    it('an order that has too few confirmations', async () => {
      const wanted = { datatoken: tokenOf(dataset), fee: await honestFee() };
      const { txId } = await market.ocean.startOrder(cheat.account, wanted);
      await expectRefused(withDataset(txId), 'order_unconfirmed');
    });

    it('an order in a block that was replaced', async () => {
      const fee = await honestFee();
      const snapshot = await market.ocean.rpc('evm_snapshot');
      const txId = await start(fee);
      await market.ocean.rpc('evm_revert', snapshot);
      await market.ocean.mine(CONFIRMATIONS + 2);
      await expectRefused(withDataset(txId), 'order_absent');
    });

    it("events that a foreign contract emits in the datatoken's name", async () => {
      await expectRefused(withDataset(await deploy(started(), paid(await honestFee()))), 'order_not_of_datatoken');
    });

    it("a real order with a fee of one's own, and a foreign contract's word that the node was paid", async () => {
      const nodesFee = await honestFee();
      const ownFee = market.sign({ ddo: dataset, key: cheat.account.privateKey });
      const datatoken = tokenOf(dataset);
      const contract = await nextContract();
      await market.ocean.mint(market.owner, datatoken, contract);
      const data = market.ocean.callData.startOrder(cheat.address, { datatoken, fee: ownFee });
      const txId = await deploy(calling(datatoken, data), paid(nodesFee));
      await expectRefused(withDataset(txId), 'fee_of_other_provider');
    });

    it("an order with another provider's fee", async () => {
      const fee = market.sign({ ddo: dataset, key: Wallet.createRandom().privateKey });
      await expectRefused(withDataset(await start(fee)), 'fee_of_other_provider');
    });

    it("somebody else's order", async () => {
      const honest = await market.consumer(dataset, algorithm);
      const order = await honest.buy(assets);
      await expectRefused(withDataset(order.dataset.transferTxId), 'order_wrong_consumer');
    });

    it("somebody else's order, reused", async () => {
      const honest = await market.consumer(dataset, algorithm);
      const order = await honest.buy(assets);
      const fee = await honestFee();
      const reuse = { datatoken: tokenOf(dataset), fee };
      const txId = await mined(market.ocean.reuseOrder(cheat.account, order.dataset.transferTxId, reuse));
      await expectRefused(withDataset(txId), 'order_wrong_consumer');
    });

    it('an order of another service', async () => {
      const txId = await start(await honestFee(), { serviceIndex: 1 });
      await expectRefused(withDataset(txId), 'order_wrong_service');
    });

    it('an order of another asset', async () => {
      await expectRefused(withDataset(goodAlgorithm), 'order_not_of_datatoken');
    });

    it('an order of another asset, reused', async () => {
      const reuse = { datatoken: tokenOf(dataset), fee: await honestFee() };
      const txId = await mined(market.ocean.reuseOrder(cheat.account, goodAlgorithm, reuse));
      await expectRefused(withDataset(txId), 'order_reuse_of_unknown');
    });

    it('an order that never was, reused', async () => {
      const reuse = { datatoken: tokenOf(dataset), fee: await honestFee() };
      const txId = await mined(market.ocean.reuseOrder(cheat.account, `0x${'cd'.repeat(32)}`, reuse));
      await expectRefused(withDataset(txId), 'order_reuse_of_unknown');
    });

    it('an order whose time is over', async () => {
      const brief = await market.publish({ timeoutS: BEHIND_S / 2 });
      await market.ocean.mint(market.owner, tokenOf(brief), cheat.address);
      const of = { dataset: brief, algorithm };
      const txId = await start(await honestFee(of), { datatoken: tokenOf(brief) });
      await expectRefused(withDataset(txId, of), 'order_expired');
      expect((await cheat.initialize(of, { transferTxIds: { [brief.id]: txId } })).datasets[0]).not.to.have.property(
        'validOrder',
      );
      const again = { datatoken: tokenOf(brief), fee: await honestFee(of) };
      const reused = await mined(market.ocean.reuseOrder(cheat.account, txId, again));
      await expectRefused(withDataset(reused, of), 'order_expired');
    });

    it('a fee for another environment, which costs nothing', async () => {
      const quotes = await cheat.initialize(assets, { environment: market.freeOfCharge });
      await expectRefused(withDataset(await start(feeIn(quotes.datasets[0]))), 'fee_wrong_environment');
    });

    it('a fee for another datatoken', async () => {
      const txId = await start(feeIn((await cheat.initialize(assets)).algorithm));
      await expectRefused(withDataset(txId), 'fee_wrong_datatoken');
    });

    it('a fee for another service', async () => {
      await expectRefused(withDataset(await start(market.sign({ ddo: dataset, id: 'another' }))), 'fee_wrong_service');
    });

    it('a fee that paid for a time that is over', async () => {
      const fee = market.sign({ ddo: dataset, validUntil: inSeconds(-1) });
      await expectRefused(withDataset(await start(fee)), 'fee_expired');
    });

    it('orders that leave out the one with the fee', async () => {
      const other = await market.publish();
      await market.ocean.mint(market.owner, tokenOf(other), cheat.address);
      // As if this dataset were the second of a job, whose first one carries the fee.
      const second = market.sign({ ddo: dataset, amount: 0n });
      const error = await expectRefused(withDataset(await start(second)), 'fees_not_paid');
      expect(error).to.deep.equal({ order: 'fees_not_paid' });
    });

    it('a fee in worthless money', async () => {
      const worthless = await market.ocean.publish(cheat.account);
      await market.ocean.mint(cheat.account, worthless.datatokenAddress, cheat.address, 100);
      const txId = await start(market.sign({ ddo: dataset, token: worthless.datatokenAddress, amount: 5n * ONE }));
      await expectRefused(withDataset(txId), 'fees_not_paid');
    });

    it("a datatoken of another NFT than the asset's", async () => {
      const other = await market.ocean.publish(market.owner);
      const token = { ...other, nftAddress: (await market.ocean.publish(market.owner)).nftAddress };
      const of = { dataset: await market.publish({ token }), algorithm };
      await market.ocean.mint(market.owner, other.datatokenAddress, cheat.address);
      const txId = await start(market.sign({ ddo: of.dataset }), { datatoken: other.datatokenAddress });
      await expectRefused(withDataset(txId, of), 'datatoken_not_of_nft');
    });

    it('an asset on a chain that the node does not serve', async () => {
      const elsewhere = { ...(await market.publish()), chainId: 1 };
      await market.node.writeDdo(elsewhere);
      const of = { dataset: elsewhere, algorithm };
      await expectRefused(withDataset(await start(await honestFee()), of), 'chain_not_served');
    });

    it('a token of his own that takes less than a whole one', async () => {
      const own = await ownAsset();
      const little = await deploy(started(ONE - 1n), paid(market.sign({ ddo: own })));
      await expectRefused(withDataset(little, { dataset: own, algorithm }), 'order_too_little');
    });

    it("a token of his own that says that the node's fee was paid, though nothing came", async () => {
      const own = await ownAsset();
      const fee = market.sign({ ddo: own, token: market.ocean.money, amount: parseEther('6') });
      const txId = await deploy(started(), paid(fee));
      await expectRefused(withDataset(txId, { dataset: own, algorithm }), 'fee_not_received');
    });

    it("a token of his own whose fee shall be paid with the transfer of another's", async () => {
      const own = await ownAsset();
      const honest = await honestFee();
      const datatoken = tokenOf(dataset);
      const contract = await nextContract();
      await market.ocean.mint(market.owner, datatoken, contract);
      const amount = BigInt(honest.providerFeeAmount);
      await market.ocean.fund(contract, amount);
      const { approve, startOrder } = market.ocean.callData;
      const approval = calling(market.ocean.money, approve(datatoken, amount));
      const order = calling(datatoken, startOrder(cheat.address, { datatoken, fee: honest }));
      const fee = market.sign({ ddo: own, token: market.ocean.money, amount });
      const txId = await deploy(started(), paid(fee), approval, order);
      await expectRefused(withDataset(txId, { dataset: own, algorithm }), 'fee_not_received');
      expect((await cheat.attempt(withDataset(txId))).status).to.equal(200);
    });

    it('a token of his own that names and pays a fee which the node never signed', async () => {
      const own = await ownAsset();
      const fee = market.sign({ ddo: own, amount: parseEther('6'), token: market.ocean.money });
      await market.ocean.fund(await nextContract(), 1n);
      const payment = calling(market.ocean.money, market.ocean.callData.transfer(market.nodeAddress, 1n));
      const txId = await deploy(started(), paid({ ...fee, providerFeeAmount: '1' }), payment);
      await expectRefused(withDataset(txId, { dataset: own, algorithm }), 'fee_signature_invalid');
    });

    it('a token of his own that speaks of no fee', async () => {
      const of = { dataset: await ownAsset(), algorithm };
      await expectRefused(withDataset(await deploy(started()), of), 'fee_absent');
    });

    it('a second job under an order that one runs under, also at the same moment, also by a reuse', async () => {
      const order = await cheat.buy(assets);
      const attempts = await Promise.all([1, 2, 3, 4].map(() => cheat.attempt(order)));
      const accepted = attempts.filter(({ status }) => status === 200);
      expect(accepted.length, JSON.stringify(attempts.map(({ message }) => message))).to.equal(1);
      const refused = attempts.filter(({ status }) => status === 400);
      expect(refused.map(({ reason }) => reason)).to.deep.equal(Array(3).fill('order_in_use'));
      expect(refused[0]?.error).to.equal('`agreementId` already in use for other job.');

      const transferTxIds = { [dataset.id]: order.dataset.transferTxId };
      const [quote] = (await cheat.initialize(assets, { transferTxIds })).datasets;
      expect(quote, 'a new order is asked for').not.to.have.property('validOrder');
      const reuse = { datatoken: tokenOf(dataset), fee: feeIn(quote) };
      const reused = await mined(market.ocean.reuseOrder(cheat.account, order.dataset.transferTxId, reuse));
      await expectRefused(withDataset(reused), 'order_in_use');
    });
  });
});
