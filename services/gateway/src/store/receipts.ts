/** The receipts table: of transactions that are final. */
import type { Db } from './db.ts';

interface ReceiptRow {
  readonly chainId: number;
  readonly txId: string;
  readonly isSuccess: boolean;
  readonly blockNumber: number;
  readonly blockHash: string;
  readonly logs: readonly { readonly address: string; readonly topics: string[]; readonly data: string }[];
}

export type ReceiptTable = ReturnType<typeof createReceiptTable>;

export function createReceiptTable(db: Db) {
  const insert = db.prepare(`
    insert or ignore into receipts (chain_id, tx_id, block_number, block_hash, is_success, logs) values (?, ?, ?, ?, ?, ?)`);
  const select = db.prepare('select * from receipts where chain_id = ? and tx_id = ?');

  return {
    add({ chainId, txId, blockNumber, blockHash, isSuccess, logs }: ReceiptRow): void {
      insert.run(chainId, txId, blockNumber, blockHash, Number(isSuccess), JSON.stringify(logs));
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
