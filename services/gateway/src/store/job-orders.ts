/** The job_orders table: which job runs under which orders. */
import type { JobId } from '@capstan/shared/contract/ids';
import type { Db } from './db.ts';

export interface JobOrder {
  readonly chainId: number;
  /** The transaction that started the order. */
  readonly orderTx: string;
  readonly datatoken: string;
  /** The transaction that the client named: the same, or one that reuses the order. */
  readonly transferTx: string;
  /** Unix seconds up to which its fee pays. */
  readonly validUntil: number;
}

export type JobOrders = ReturnType<typeof createJobOrders>;

export function createJobOrders(db: Db) {
  const insert = db.prepare(`
    insert or replace into job_orders (job, chain_id, order_tx, datatoken, transfer_tx, valid_until)
    values ((select id from jobs where job_id = ?), ?, ?, ?, ?, ?)`);
  const removeOf = db.prepare('delete from job_orders where job = (select id from jobs where job_id = ?)');
  const userOf = db.prepare(`
    select job_id from job_orders join jobs on jobs.id = job_orders.job
    where chain_id = ? and order_tx = ? and datatoken = ? and date_finished is null limit 1`);

  return {
    /** In place of those it had, if it ran before. */
    set(jobId: JobId, orders: readonly JobOrder[]): void {
      removeOf.run(jobId);
      for (const { chainId, orderTx, datatoken, transferTx, validUntil } of orders) {
        insert.run(jobId, chainId, orderTx, datatoken, transferTx, validUntil);
      }
    },
    /** Whether a job that has not ended runs under it. */
    isInUse: ({ chainId, orderTx, datatoken }: Pick<JobOrder, 'chainId' | 'orderTx' | 'datatoken'>): boolean =>
      userOf.get(chainId, orderTx, datatoken) !== undefined,
  };
}
