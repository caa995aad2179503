import { expect } from 'chai';
import { systemClock } from '@capstan/shared/runtime/clock';
import type { Address, EnvironmentId } from '@capstan/shared/contract/ids';
import { CapstanError } from '@capstan/shared/contract/errors';
import { MOST_ORDER_LOGS, orderLogs } from '../../../../services/gateway/src/chain/order-logs.ts';
import type { Chain } from '../../../../services/gateway/src/chain/provider.ts';
import { createOrders } from '../../../../services/gateway/src/orders/orders.ts';
import { decodeLog } from '../../../../services/gateway/src/orders/events.ts';
import { NO_TOKEN, providerDataOf } from '../../../../services/gateway/src/orders/fees.ts';
import { createReading } from '../../../../services/gateway/src/orders/reading.ts';
import { orderLog } from '../../../support/chain/order-log.ts';
import { someAssets } from '../../../support/gateway/parts.ts';

type Log = ReturnType<typeof orderLog>;
const NOW = 10_000;
const ONE = 10n ** 18n;
const WORD = `0x${'5a'.repeat(32)}`;
const provider = `0x${'bb'.repeat(20)}` as Address;
const caller = `0x${'ca'.repeat(20)}` as Address;
const other = `0x${'0e'.repeat(20)}`;
const money = `0x${'aa'.repeat(20)}`;
const { dataset } = someAssets();
const [theService] = dataset.services;
if (!theService) throw new Error('an asset has a service');
const datatoken = theService.datatokenAddress;
const data = providerDataOf({ environment: 'local', timestamp: 1, dt: datatoken, id: theService.id });

const started = ({ by = datatoken } = {}) => orderLog(by, 'OrderStarted', [caller, caller, ONE, 0, NOW, other, 1]);
/** Signed by nobody. */
const fee = (validUntil = NOW + 60) =>
  orderLog(datatoken, 'ProviderFee', [provider, NO_TOKEN, 0, data, 27, WORD, WORD, validUntil]);
const received = (value: bigint) => orderLog(money, 'Transfer', [datatoken, provider, value]);
const final = { chainId: 8996, txId: `0x${'01'.repeat(32)}`, isSuccess: true, blockNumber: 1, blockHash: '0x' };

describe('an order in a transaction that somebody filled', () => {
  const txId = `0x${'01'.repeat(32)}`;
  /** Counts what is costly. */
  const aDesk = (logs: readonly Log[]) => {
    const work = { lookups: 0, decoded: 0, recovered: 0 };
    const reading = createReading({
      decode(each) {
        work.decoded += 1;
        return decodeLog(each);
      },
      recover() {
        work.recovered += 1;
        return undefined;
      },
    });
    const orders = createOrders({
      chains: new Map([[8996, { id: 8996 } as Chain]]),
      receipts: {
        find() {
          work.lookups += 1;
          return Promise.resolve({ kind: 'settled', receipt: { ...final, logs: orderLogs(logs) } });
        },
      },
      contracts: { isTokenOf: () => Promise.resolve(true), decimalsOf: () => Promise.resolve(18) },
      publicUrl: undefined,
      providers: [provider],
      clock: { ...systemClock, now: () => NOW * 1_000 },
      reading,
    });
    return { work, orders };
  };
  const asset = { resource: 'dataset', ddo: dataset, service: theService, transferTxId: txId };
  const context = {
    environment: { id: 'local' as EnvironmentId, priceMin: 0, feeToken: NO_TOKEN },
    caller,
  };
  const many = <T>(count: number, item: T) => Array.from({ length: count }, () => item);
  const reasonOf = (work: Promise<unknown>) =>
    work.then(
      () => 'none',
      (error: unknown) => (error instanceof CapstanError ? error.facts.reason : error),
    );

  it('is looked up once for all assets, and what others emitted there is never decoded', async () => {
    const { work, orders } = aDesk([...many(5_000, received(1n)), ...many(900, started({ by: other })), started()]);
    const worths = await orders.worths(
      many(33, asset).map((each) => ({ ...each })),
      context,
    );
    expect(worths.map(({ kind }) => kind)).to.deep.equal(many(33, 'access'));
    expect(work).to.deep.equal({ lookups: 1, decoded: 1, recovered: 0 });
  });

  it('is not looked for among more logs than an order has', async () => {
    const { work, orders } = aDesk([started(), ...many(MOST_ORDER_LOGS, fee())]);
    expect(await reasonOf(orders.verify([asset], context))).to.equal('order_too_long');
    expect(await orders.worths([asset], context)).to.deep.equal([{ kind: 'nothing' }]);
    expect(work.decoded).to.equal(0);
  });

  it('costs a few signatures, however many fees say that they are ours', async () => {
    const fees = Array.from({ length: MOST_ORDER_LOGS - 1 }, (_, index) => fee(NOW + 61 + index));
    const { work, orders } = aDesk([started(), ...fees]);
    expect(await reasonOf(orders.verify(many(33, asset), context))).to.equal('fee_signature_invalid');
    expect(work).to.deep.equal({ lookups: 1, decoded: MOST_ORDER_LOGS, recovered: 10 });
  });

  it('is one of so many bytes for one request, and the rest of its transactions is not looked up', async () => {
    const filled = many(
      90,
      orderLog(datatoken, 'ProviderFee', [provider, NO_TOKEN, 0, `0x${'7b'.repeat(5_000)}`, 27, WORD, WORD, 1]),
    );
    const { work, orders } = aDesk([started(), ...filled]);
    const txIds = Array.from({ length: 33 }, (_, index) => `0x${String(index).padStart(64, '0')}`);
    const worths = await orders.worths(
      txIds.map((transferTxId) => ({ ...asset, transferTxId })),
      context,
    );
    expect(work.lookups).to.equal(8);
    expect(worths.filter(({ kind }) => kind === 'access')).to.have.length(8);
  });

  it('lets others have their turn between two assets', async () => {
    const { orders } = aDesk([started(), fee()]);
    let turns = 0;
    const count = () => {
      turns += 1;
      next = setImmediate(count);
    };
    let next = setImmediate(count);
    await orders.worths(
      many(10, asset).map((each) => ({ ...each })),
      context,
    );
    clearImmediate(next);
    expect(turns).to.be.at.least(10);
  });
});
