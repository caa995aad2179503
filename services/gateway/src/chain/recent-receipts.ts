/** Receipts that were looked up lately, in memory: anyone may have any transaction looked up, so what they take is bounded in bytes. */
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
  // In the order of their last use: a map keeps the order of insertion.
  const receipts = new Map<string, Receipt>();
  let bytes = 0;
  const keyOf = (chainId: number, txId: string) => `${chainId} ${txId}`;
  const drop = (key: string) => {
    const receipt = receipts.get(key);
    if (!receipt) return;
    receipts.delete(key);
    bytes -= bytesOf(receipt);
  };
  const put = (receipt: Receipt) => {
    const key = keyOf(receipt.chainId, receipt.txId);
    drop(key);
    if (bytesOf(receipt) > maxBytesEach) return;
    receipts.set(key, receipt);
    bytes += bytesOf(receipt);
    for (const oldest of receipts.keys()) {
      if (bytes <= maxBytes) return;
      drop(oldest);
    }
  };
  return {
    get(chainId, txId) {
      const receipt = receipts.get(keyOf(chainId, txId));
      if (receipt) put(receipt);
      return receipt;
    },
    put,
  };
}
