/** The paid demo: a chain of its own, two owners who sell, a consumer who buys, and who has what afterwards. */
import { formatEther, parseEther } from 'ethers';
import type { InitializeComputeAnswer, OrderQuote } from '@capstan/shared/contract/quotes';
import { startAnvil } from '../parts/anvil.ts';
import type { Order } from '../parts/consumer.ts';
import { deployExchange, type Offer } from '../parts/exchange.ts';
import { deployOcean, type Account } from '../parts/ocean.ts';
import type { DemoTokens } from './assets.ts';

export interface Sale extends AsyncDisposable {
  readonly tokens: DemoTokens;
  readonly consumer: Account;
  /** What the node's environment asks. */
  readonly environment: { readonly orders: 'chain'; readonly priceMin: number; readonly feeToken: string };
  /** Where the node finds the chain. */
  readonly variables: Readonly<Record<string, string>>;
  /** Asks the node what to pay, pays, and names the orders in the request. */
  pay(nodeUrl: string, wanted: Order): Promise<Order>;
  /** Who paid what, and who has it, line by line. */
  account(): Promise<readonly string[]>;
}

const DATA_PRICE = '3';
const ALGORITHM_PRICE = '1';
const PRICE_A_MINUTE = 0.05;
const PAID_S = 600;
const POCKET_MONEY = parseEther('10');

export async function openSale(line: (text: string) => void): Promise<Sale> {
  await using releases = new AsyncDisposableStack();
  const startedAt = performance.now();
  const chain = releases.use(await startAnvil());
  const ocean = releases.use(await deployOcean(chain));
  const exchange = await deployExchange(ocean);
  const [dataOwner, author, consumer] = [ocean.account(1), ocean.account(2), ocean.account(3)];
  const dataset = await exchange.offer(dataOwner, 'Weather', DATA_PRICE);
  const algorithm = await exchange.offer(author, 'Rain', ALGORITHM_PRICE);
  await ocean.fund(consumer.address, POCKET_MONEY);
  const ms = Math.round(performance.now() - startedAt);
  line(`  chain      an Ethereum node of its own with Ocean's contracts, ready in ${ms} ms`);
  line(
    `  for sale   the data at ${DATA_PRICE} MON, the algorithm at ${ALGORITHM_PRICE} MON, a minute of the node at ${PRICE_A_MINUTE} MON`,
  );
  const kept = releases.move();

  const orderOne = async (offer: Offer, quote: OrderQuote | undefined): Promise<string> => {
    if (!quote?.providerFee) throw new Error('The node named no fee.');
    await exchange.buy(consumer, offer);
    const { txId, isSuccess } = await ocean.startOrder(consumer, {
      datatoken: offer.datatokenAddress,
      fee: quote.providerFee,
    });
    if (!isSuccess) throw new Error(`The order ${txId} failed on the chain.`);
    return txId;
  };
  let node = '';

  return {
    tokens: { dataset, algorithm },
    consumer,
    environment: { orders: 'chain', priceMin: PRICE_A_MINUTE, feeToken: ocean.money },
    variables: { CAPSTAN_CHAINS: JSON.stringify([{ id: chain.chainId, rpc: [chain.url] }]) },
    async pay(nodeUrl, wanted) {
      const quotes = await askPrice(nodeUrl, wanted, consumer.address);
      const [quote] = quotes.datasets;
      node = quote?.providerFee?.providerFeeAddress ?? '';
      const amount = formatEther(quote?.providerFee?.providerFeeAmount ?? 0);
      line(`  price      the node asks ${amount} MON for ${PAID_S / 60} minutes, under its signature`);
      const orders = {
        dataset: await orderOne(dataset, quote),
        algorithm: await orderOne(algorithm, quotes.algorithm),
      };
      line(
        `  paid       data ${short(orders.dataset)}, algorithm ${short(orders.algorithm)}: two transactions, whose receipts the node reads`,
      );
      return {
        ...wanted,
        dataset: { ...wanted.dataset, transferTxId: orders.dataset },
        algorithm: { ...wanted.algorithm, transferTxId: orders.algorithm },
      };
    },
    async account() {
      await exchange.collect(dataOwner, dataset);
      await exchange.collect(author, algorithm);
      const has = async (who: string) => formatEther(await ocean.balanceOf(ocean.money, who));
      const left = await ocean.balanceOf(ocean.money, consumer.address);
      const rows = [
        ['consumer', `-${formatEther(POCKET_MONEY - left)}`, 'paid for all of it'],
        ["data's owner", `+${await has(dataOwner.address)}`, 'for access to the data'],
        ["algorithm's author", `+${await has(author.address)}`, 'for its use'],
        ['node', `+${await has(node)}`, `for ${PAID_S / 60} minutes`],
        ["Ocean's community", `+${await has(ocean.community)}`, 'its share of the sales'],
      ];
      return [
        '',
        'who paid whom, in MON',
        ...rows.map(([who = '', sum = '', why]) => `  ${who.padEnd(20)}${sum.padStart(8)}  ${why}`),
      ];
    },
    async [Symbol.asyncDispose]() {
      await kept.disposeAsync();
    },
  };
}

async function askPrice(nodeUrl: string, wanted: Order, consumerAddress: string): Promise<InitializeComputeAnswer> {
  const { documentId, serviceId } = wanted.algorithm;
  const response = await fetch(`${nodeUrl}/api/services/initializeCompute`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      datasets: [{ documentId: wanted.dataset.documentId, serviceId: wanted.dataset.serviceId }],
      algorithm: { documentId, serviceId },
      compute: { env: wanted.environment, validUntil: Math.floor(Date.now() / 1_000) + PAID_S },
      consumerAddress,
    }),
  });
  if (!response.ok) throw new Error(`The node answered ${response.status}: ${await response.text()}`);
  // The answer's form is the node's promise; tests of the contract check it.
  return (await response.json()) as InitializeComputeAnswer;
}

const short = (txId: string) => `${txId.slice(0, 10)}…`;
