import { expect } from 'chai';
import type { Chain } from '../../../../services/gateway/src/chain/provider.ts';
import { bytesOf, createRecentReceipts } from '../../../../services/gateway/src/chain/recent-receipts.ts';
import { createReceipts } from '../../../../services/gateway/src/chain/receipts.ts';
import type { Receipt } from '../../../../services/gateway/src/chain/receipt.ts';
import { openStore } from '../../../../services/gateway/src/store/store.ts';
import { createConsumer } from '../../../../scripts/parts/consumer.ts';
import { orderLog } from '../../../support/chain/order-log.ts';
import { gatewayParts, someAssets } from '../../../support/gateway/parts.ts';

const txIdOf = (n: number) => `0x${n.toString(16).padStart(64, '0')}`;
const token = `0x${'dd'.repeat(20)}`;
const started = orderLog(token, 'OrderStarted', [token, token, 1, 0, 1, token, 1]);
const reused = orderLog(token, 'OrderReused', [txIdOf(7), token, 1, 1]);
const paid = orderLog(token, 'Transfer', [token, token, 1]);

const aReceipt = (n: number, logs: Receipt['logs'] = [started]): Receipt => ({
  chainId: 1,
  txId: txIdOf(n),
  isSuccess: true,
  blockNumber: 1,
  blockHash: '0x',
  logs,
});

describe('receipts that were asked for lately', () => {
  it('are as many as fit into memory, the last ones that were used', () => {
    const each = bytesOf(aReceipt(1));
    const recent = createRecentReceipts({ maxBytes: 3 * each, maxBytesEach: each });
    for (const n of [1, 2, 3]) recent.put(aReceipt(n));
    recent.get(1, txIdOf(1));
    recent.put(aReceipt(3));
    recent.put(aReceipt(4));
    recent.put(aReceipt(5, [started, started]));
    expect([1, 2, 3, 4, 5].filter((n) => recent.get(1, txIdOf(n)))).to.deep.equal([1, 3, 4]);
  });

  it('are read from the disk once, and of what an earlier version kept only what an order is read from', async () => {
    let reads = 0;
    const receipts = createReceipts({
      find(_, txId) {
        reads += 1;
        return aReceipt(Number(txId), [paid, started, paid, reused]);
      },
    });
    for (const _ of [1, 2]) {
      const found = await receipts.find({ id: 1 } as Chain, txIdOf(1));
      expect(found).to.deep.equal({ kind: 'settled', receipt: aReceipt(1, [started, reused]) });
    }
    expect(reads).to.equal(1);
  });
});

describe('receipts on the disk', () => {
  it('come with the job that is taken under their order, and are kept as long as it is there', async () => {
    const { dataset, algorithm } = someAssets();
    const consumer = createConsumer('http://unused.example');
    const order = { chainId: 1, orderTx: txIdOf(1), transferTx: txIdOf(2), datatoken: token };
    const fee = { token, amount: 0n, validUntil: 2 ** 33 };
    const verified = { orders: [{ ...order, fee }], receipts: [aReceipt(1), aReceipt(2)], paidS: 60 };
    const { submit, store } = gatewayParts({
      assets: [dataset, algorithm],
      orders: { verify: () => Promise.resolve(verified) },
    });
    const request = await consumer.startBody({
      environment: 'local',
      dataset: { documentId: dataset.id, serviceId: dataset.services[0]?.id ?? '', transferTxId: txIdOf(2) },
      algorithm: { documentId: algorithm.id, serviceId: algorithm.services[0]?.id ?? '', transferTxId: txIdOf(2) },
    });
    const job = await submit({ request, bodyHash: 'one' });
    const kept = () => [1, 2, 3, 4].filter((n) => store.receipts.find(1, txIdOf(n)));
    expect(kept()).to.deep.equal([1, 2]);

    await store.write(() => [3, 4].forEach((n) => store.receipts.add(aReceipt(n))));
    const prune = () => store.write(() => store.receipts.prune({ chainId: 0, txId: '' }, 10));
    expect(await prune()).to.deep.include({ removed: 2, isEnd: true });
    expect(kept()).to.deep.equal([1, 2]);
    await store.write(() => store.jobOrders.set(job.jobId, []));
    await prune();
    expect(kept()).to.deep.equal([]);
  });

  it('of no order are removed a few at a time, and fewer where they are large', async () => {
    const store = openStore(':memory:');
    const large = { ...started, data: `0x${'0'.repeat(600_000)}` };
    await store.write(() => {
      for (let n = 1; n <= 5; n++) store.receipts.add(aReceipt(n, [large]));
    });
    const prune = (after: number) => store.write(() => store.receipts.prune({ chainId: 1, txId: txIdOf(after) }, 3));
    expect(await prune(0)).to.deep.equal({ last: { chainId: 1, txId: txIdOf(2) }, removed: 2, isEnd: false });
    expect(await prune(2)).to.deep.equal({ last: { chainId: 1, txId: txIdOf(4) }, removed: 2, isEnd: false });
    expect(await prune(4)).to.deep.equal({ last: { chainId: 1, txId: txIdOf(5) }, removed: 1, isEnd: true });
    store.close();
  });
});
