/** The receipts table: of transactions that are final, and that a job's order is read from. */
import type { Db } from './db.ts';

interface ReceiptRow {
  readonly chainId: number;
  readonly txId: string;
  readonly isSuccess: boolean;
  readonly blockNumber: number;
  readonly blockHash: string;
  readonly logs: readonly { readonly address: string; readonly topics: string[]; readonly data: string }[];
}

/** In the order of the table. */
export interface ReceiptPlace {
  readonly chainId: number;
  readonly txId: string;
}

interface Pruned {
  /** The last one that was looked at. */
  readonly last: ReceiptPlace;
  readonly removed: number;
  readonly isEnd: boolean;
}

const PRUNED_BYTES = 1_000_000;

export type ReceiptTable = ReturnType<typeof createReceiptTable>;

export function createReceiptTable(db: Db) {
  const insert = db.prepare(`
    insert or ignore into receipts (chain_id, tx_id, block_number, block_hash, is_success, logs) values (?, ?, ?, ?, ?, ?)`);
  const select = db.prepare('select * from receipts where chain_id = ? and tx_id = ?');
  const next = db.prepare(`
    select chain_id, tx_id, octet_length(logs) as bytes,
      exists (select 1 from job_orders o where o.chain_id = r.chain_id and o.order_tx = r.tx_id)
      or exists (select 1 from job_orders o where o.chain_id = r.chain_id and o.transfer_tx = r.tx_id) as is_named
    from receipts r where (chain_id, tx_id) > (?, ?) order by chain_id, tx_id limit ?`);
  const remove = db.prepare('delete from receipts where chain_id = ? and tx_id = ?');

  return {
    add({ chainId, txId, blockNumber, blockHash, isSuccess, logs }: ReceiptRow): void {
      insert.run(chainId, txId, blockNumber, blockHash, Number(isSuccess), JSON.stringify(logs));
    },
    /** Looks through `most` of them after a place, and removes those that no job's order names: earlier versions kept any that was asked for. */
    prune(after: ReceiptPlace, most: number): Pruned {
      const found = next.all(after.chainId, after.txId, most);
      let last = after;
      let removed = 0;
      let bytes = 0;
      for (const row of found) {
        // What is removed is as large as it is: the rest is for another slice.
        if (bytes > PRUNED_BYTES) return { last, removed, isEnd: false };
        last = { chainId: row['chain_id'] as number, txId: row['tx_id'] as string };
        if (row['is_named'] === 1) continue;
        remove.run(last.chainId, last.txId);
        removed += 1;
        bytes += row['bytes'] as number;
      }
      return { last, removed, isEnd: found.length < most };
    },
    find(chainId: number, txId: string): ReceiptRow | undefined {
      const row = select.get(chainId, txId);
      return (
        row && {
          chainId,
          txId,
          blockNumber: row['block_number'] as number,
          blockHash: row['block_hash'] as string,
          isSuccess: row['is_success'] === 1,
          logs: JSON.parse(row['logs'] as string) as ReceiptRow['logs'],
        }
      );
    },
  };
}
