/** Receipts that were looked up lately, in memory: anyone may have any transaction looked up, so what they take is bounded in bytes. */
import { LRUCache } from 'lru-cache';
import type { Receipt } from './receipt.ts';

export interface RecentReceipts {
  get(chainId: number, txId: string): Receipt | undefined;
  put(receipt: Receipt): void;
}

interface Limits {
  /** Of all together, and of one: larger ones are not remembered. */
  readonly maxBytes: number;
  readonly maxBytesEach: number;
}

const LIMITS: Limits = { maxBytes: 16_000_000, maxBytesEach: 1_000_000 };

/** Roughly what a receipt takes. */
export function bytesOf({ logs }: Pick<Receipt, 'logs'>): number {
  return logs.reduce((bytes, { topics, data }) => bytes + 200 + topics.length * 66 + data.length, 500);
}

export function createRecentReceipts({ maxBytes, maxBytesEach }: Limits = LIMITS): RecentReceipts {
  const receipts = new LRUCache<string, Receipt>({
    maxSize: maxBytes,
    maxEntrySize: maxBytesEach,
    sizeCalculation: bytesOf,
  });
  const keyOf = (chainId: number, txId: string) => `${chainId} ${txId}`;
  return {
    get: (chainId, txId) => receipts.get(keyOf(chainId, txId)),
    put: (receipt) => void receipts.set(keyOf(receipt.chainId, receipt.txId), receipt),
  };
}
