/** Receipts of transactions: those that are final are kept, and never asked for again. */
import { Type, type Static } from 'typebox';
import { compile } from '@capstan/shared/validate';
import { CapstanError } from '@capstan/shared/errors';
import type { Chain } from './provider.ts';

const Hex = Type.String({ pattern: '^0x[0-9a-fA-F]*$' });

const LogSchema = Type.Object({ address: Hex, topics: Type.Array(Hex), data: Hex });

/** What the node reads of a receipt. */
const RpcReceiptSchema = Type.Object({
  transactionHash: Hex,
  status: Hex,
  blockNumber: Hex,
  blockHash: Hex,
  logs: Type.Array(LogSchema),
});

export interface Receipt {
  readonly chainId: number;
  /** Lower case, `0x` and 64 digits. */
  readonly txId: string;
  readonly isSuccess: boolean;
  readonly blockNumber: number;
  readonly blockHash: string;
  readonly logs: readonly Static<typeof LogSchema>[];
}

/** Where a transaction stands. `counted`: it may be used, and its block may yet be replaced; `settled`: that is over. */
export type Lookup =
  | { readonly kind: 'absent' }
  | { readonly kind: 'unconfirmed'; readonly confirmations: number; readonly needed: number }
  | { readonly kind: 'counted' | 'settled'; readonly receipt: Receipt };

/** Receipts that are final, on the disk. */
export interface KeptReceipts {
  find(chainId: number, txId: string): Receipt | undefined;
  keep(receipt: Receipt): Promise<void>;
}

export interface Receipts {
  /** Rejects with CHAIN_UNAVAILABLE. */
  find(chain: Chain, txId: string): Promise<Lookup>;
}

const validate = compile(RpcReceiptSchema);

export function createReceipts(kept: KeptReceipts): Receipts {
  return {
    async find(chain, txIdGiven) {
      const txId = txIdGiven.toLowerCase();
      // Whatever is no hash is no transaction either; an endpoint would call it an error.
      if (!/^0x[0-9a-f]{64}$/.test(txId)) return { kind: 'absent' };
      const known = kept.find(chain.id, txId);
      if (known) return { kind: 'settled', receipt: known };
      const [answer, head] = await chain.ask(
        { method: 'eth_getTransactionReceipt', params: [txId] },
        { method: 'eth_blockNumber', params: [] },
      );
      if (answer === null) return { kind: 'absent' };
      const receipt = parseReceipt(answer, chain.id, txId);
      const confirmations = Number(head) - receipt.blockNumber + 1;
      if (!(confirmations >= chain.confirmations)) {
        return { kind: 'unconfirmed', confirmations: Math.max(0, confirmations), needed: chain.confirmations };
      }
      if (confirmations < chain.settledAfter) return { kind: 'counted', receipt };
      await kept.keep(receipt);
      return { kind: 'settled', receipt };
    },
  };
}

function parseReceipt(answer: unknown, chainId: number, txId: string): Receipt {
  const checked = validate(answer);
  if (!checked.ok || checked.value.transactionHash.toLowerCase() !== txId) {
    throw new CapstanError('CHAIN_UNAVAILABLE', `Chain ${chainId} gave no valid receipt. Try again shortly.`);
  }
  const { status, blockNumber, blockHash, logs } = checked.value;
  return {
    chainId,
    txId,
    isSuccess: Number(status) === 1,
    blockNumber: Number(blockNumber),
    blockHash,
    logs: logs.map(({ address, topics, data }) => ({ address: address.toLowerCase(), topics, data })),
  };
}
