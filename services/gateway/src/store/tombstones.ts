/** The tombstones table: the ids of deleted jobs, so that nothing late brings one back. */
import type { Address, JobId } from '@capstan/shared/contract/ids';
import type { Db } from './db.ts';

export interface Tombstone {
  readonly jobId: JobId;
  /** The last run that there was. */
  readonly run: number;
  readonly owner: Address;
  /** Unix milliseconds. */
  readonly deletedAt: number;
}

export type Tombstones = ReturnType<typeof createTombstones>;

export function createTombstones(db: Db) {
  const insert = db.prepare('insert or ignore into tombstones (job_id, run, owner, deleted_at) values (?, ?, ?, ?)');
  const removeOld = db.prepare(
    'delete from tombstones where job_id in (select job_id from tombstones where deleted_at < ? limit ?)',
  );
  const select = db.prepare('select * from tombstones where job_id = ?');

  return {
    add({ jobId, run, owner, deletedAt }: Tombstone): void {
      insert.run(jobId, run, owner, deletedAt);
    },
    /** Removes those from before a time, `most` of them; returns how many. */
    prune: (beforeMs: number, most: number) => removeOld.run(beforeMs, most).changes,
    find(jobId: JobId): Tombstone | undefined {
      const row = select.get(jobId);
      return (
        row && {
          jobId,
          run: row['run'] as number,
          owner: row['owner'] as Address,
          deletedAt: row['deleted_at'] as number,
        }
      );
    },
  };
}
