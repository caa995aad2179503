/**
 * The tables of usage and kept results: who takes how much of the node. Triggers keep the sums in step with the rows of jobs and of what is
 * kept. The order of a job that has ended is kept like results, as a run 0.
 */
import type { JobId } from '@capstan/shared/contract/ids';
import type { ResultFile } from '@capstan/shared/contract/job';
import type { Db } from './db.ts';

export interface Used {
  /** That wait for their turn. */
  readonly jobs: number;
  /** Of what is stored for them. */
  readonly bytes: number;
  /** Of results. */
  readonly keptBytes: number;
}

export const NOTHING_USED: Used = { jobs: 0, bytes: 0, keptBytes: 0 };

/** What is counted: one address, one network, all orders of a class. */
export type Account = 'owner' | 'network' | 'class';

/**
 * What a file takes beside its bytes: an inode's share of a usual file system, its names in the manifest and the store. Without it, a
 * thousand empty files of each job would be nothing.
 */
export const BYTES_OF_A_FILE = 16_384;

/** In the place of a run: what is stored of the order itself. */
export const ORDER = 0;

export interface KeptOrder {
  readonly besideSpecBytes: number;
  readonly expiresAt: number;
}

export type Usage = ReturnType<typeof createUsage>;

export function createUsage(db: Db) {
  const select = db.prepare('select jobs, bytes, kept_bytes from usage where kind = ? and name = ?');
  const keep = db.prepare(`
    insert or ignore into kept_results (job_id, run, bytes, expires_at, owner, network, is_paid)
    select job_id, ?2, ?3, ?4, owner, network, is_paid from jobs where job_id = ?1`);
  const keepOrder = db.prepare(`
    insert or ignore into kept_results (job_id, run, bytes, expires_at, owner, network, is_paid)
    select job_id, ${ORDER}, spec_bytes + ?2, ?3, owner, network, is_paid from jobs where job_id = ?1`);
  const drop = db.prepare('delete from kept_results where job_id = ? and run = ?');
  const prune = db.prepare(`
    delete from kept_results where (job_id, run) in (select job_id, run from kept_results where expires_at <= ? and run > 0 limit ?)`);
  const expiredOrders = db.prepare('select job_id from kept_results where expires_at <= ? and run = 0 limit ?');
  const keepers = db.prepare('select name from usage where kind = ? and kept_bytes > 0 and kept_bytes >= ?');
  const networkOf = db.prepare('select network, is_paid from jobs where job_id = ?');

  return {
    of(kind: Account, name: string): Used {
      const [jobs = 0, bytes = 0, keptBytes = 0] = (select.values(kind, name) ?? []) as readonly number[];
      return { jobs, bytes, keptBytes };
    },
    /** Counts the results of a run until they are dropped. */
    keep(jobId: JobId, run: number, results: readonly ResultFile[], expiresAt: number | null): void {
      const bytes = results.reduce((sum, { filesize }) => sum + filesize + BYTES_OF_A_FILE, 0);
      if (bytes > 0) keep.run(jobId, run, Math.min(Math.round(bytes), Number.MAX_SAFE_INTEGER), expiresAt);
    },
    /** Counts what is stored of a job: its spec, and so many bytes beside it. */
    keepOrder(jobId: JobId, { besideSpecBytes, expiresAt }: KeptOrder): void {
      keepOrder.run(jobId, besideSpecBytes, expiresAt);
    },
    drop(jobId: JobId, run: number): void {
      drop.run(jobId, run);
    },
    /** Counts no more what has expired by now, `most` runs of it; returns how many. */
    prune: (now: number, most: number) => prune.run(now, most).changes,
    /** Jobs whose orders need not be kept any more, so many at most. */
    expiredOrders: (now: number, most: number): readonly JobId[] =>
      expiredOrders.allValues(now, most).map(([jobId]) => jobId as JobId),
    /** Who keeps so much or more. */
    keepersOf: (kind: Account, bytes: number): ReadonlySet<string> =>
      new Set(keepers.allValues(kind, bytes).map(([name]) => name as string)),
    /** Where a job came from, and how. */
    originOf(jobId: JobId): { readonly network: string; readonly isPaid: boolean } {
      const [network = '', isPaid = 0] = networkOf.values(jobId) ?? [];
      return { network: network as string, isPaid: isPaid === 1 };
    },
  };
}
