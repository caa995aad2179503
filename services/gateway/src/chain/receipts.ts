/** Receipts of transactions: those of orders that jobs run under are kept once they are final, and others only for a while. */
import { unavailable, type Chain, type Request } from './provider.ts';
import { TOO_LONG, type RpcBlock, type RpcReceipt } from './answers.ts';
import { orderLogs } from './order-logs.ts';
import { createRecentReceipts } from './recent-receipts.ts';
import type { Receipt } from './receipt.ts';

/** Where a transaction stands. `counted`: it may be used, and its block may yet be replaced; `settled`: that is over. */
export type Lookup =
  | { readonly kind: 'absent' }
  /** Larger than any order's. */
  | { readonly kind: 'too long' }
  | { readonly kind: 'unconfirmed'; readonly confirmations: number; readonly needed: number }
  | { readonly kind: 'counted' | 'settled'; readonly receipt: Receipt };

/** Receipts that are final, on the disk: kept by who takes an order, and by nobody who only asks. */
export interface KeptReceipts {
  find(chainId: number, txId: string): Receipt | undefined;
}

export interface Receipts {
  /** Rejects with CHAIN_UNAVAILABLE. */
  find(chain: Chain, txId: string): Promise<Lookup>;
}

/** What one endpoint says of a transaction. */
interface View {
  readonly receipt: Receipt | undefined;
  readonly head: number;
}

export function createReceipts(kept: KeptReceipts, recent = createRecentReceipts()): Receipts {
  const keptOf = (chainId: number, txId: string): Receipt | undefined => {
    const known = kept.find(chainId, txId);
    // A store of an earlier version kept all of a transaction.
    return known && { ...known, logs: orderLogs(known.logs) };
  };
  const settled = (receipt: Receipt): Lookup => {
    recent.put(receipt);
    return { kind: 'settled', receipt };
  };
  return {
    async find(chain, txIdGiven) {
      const txId = txIdGiven.toLowerCase();
      // Whatever is no hash is no transaction either; an endpoint would call it an error.
      if (!/^0x[0-9a-f]{64}$/.test(txId)) return { kind: 'absent' };
      const known = recent.get(chain.id, txId) ?? keptOf(chain.id, txId);
      if (known) return settled(known);
      const view = await look(chain, txId);
      if (view === TOO_LONG) return { kind: 'too long' };
      const { receipt } = view;
      if (!receipt) return { kind: 'absent' };
      const confirmations = confirmationsOf(view);
      if (confirmations < chain.confirmations) {
        return { kind: 'unconfirmed', confirmations: Math.max(0, confirmations), needed: chain.confirmations };
      }
      if (confirmations < chain.settledAfter || !(await isSettled(chain, receipt))) return { kind: 'counted', receipt };
      return settled(receipt);
    },
  };
}

const confirmationsOf = ({ receipt, head }: View) => (receipt ? head - receipt.blockNumber + 1 : 0);

const looks = (txId: string): readonly Request[] => [
  { method: 'eth_getTransactionReceipt', params: [txId] },
  { method: 'eth_blockNumber', params: [] },
];

/** An endpoint that has not heard of a transaction may lag behind the others. */
async function look(chain: Chain, txId: string): Promise<View | typeof TOO_LONG> {
  const viewOf = ([answer, head]: readonly unknown[]): View => ({
    receipt: answer === null ? undefined : receiptOf(answer as RpcReceipt, chain.id),
    head: Number(head),
  });
  const isTooLong = ([answer]: readonly unknown[]) => answer === TOO_LONG;
  const told = await chain.ask(...looks(txId));
  if (isTooLong(told)) return TOO_LONG;
  const first = viewOf(told);
  if (chain.endpoints === 1 || confirmationsOf(first) >= chain.confirmations) return first;
  const all = await chain.askAll(...looks(txId));
  return all.some(isTooLong) ? TOO_LONG : latest(all.map(viewOf), chain.id);
}

/** Of endpoints that disagree, the later block decides, or nobody. */
function latest(views: readonly View[], chainId: number): View {
  const head = Math.max(...views.map((view) => view.head));
  const [view, ...others] = views.filter((each) => each.head === head);
  if (!view || others.some(({ receipt }) => receipt?.blockHash !== view.receipt?.blockHash)) throw unavailable(chainId);
  return view;
}

/**
 * What is kept is never asked for again, so the word of one head is not enough: the block must be where the receipt says, as many others
 * must be behind it, and where a chain has several endpoints, two of them must say so and none the contrary.
 */
async function isSettled(chain: Chain, receipt: Receipt): Promise<boolean> {
  const block = (number: number): Request => ({
    method: 'eth_getBlockByNumber',
    params: [`0x${number.toString(16)}`, false],
  });
  const asked = [
    ...looks(receipt.txId),
    block(receipt.blockNumber),
    block(receipt.blockNumber + chain.settledAfter - 1),
  ];
  const told = await chain.askAll(...asked);
  const agrees = ([answer, , own, later]: readonly unknown[]) =>
    answer !== null &&
    (answer as RpcReceipt).blockHash === receipt.blockHash &&
    (own as RpcBlock | null)?.hash === receipt.blockHash &&
    later !== null;
  return told.every(agrees) && told.length >= Math.min(2, chain.endpoints);
}

function receiptOf({ transactionHash, status, blockNumber, blockHash, logs }: RpcReceipt, chainId: number): Receipt {
  return {
    chainId,
    txId: transactionHash.toLowerCase(),
    isSuccess: Number(status) === 1,
    blockNumber: Number(blockNumber),
    blockHash,
    logs: logs.map(({ address, topics, data }) => ({ address: address.toLowerCase(), topics, data })),
  };
}
