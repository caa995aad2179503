/** The events table: what happened, in the order in which it was stored. */
import type { JobId } from '@capstan/shared/contract/ids';
import type { JobEvent } from '@capstan/shared/contract/messages';
import { STATUS, type StatusCode } from '@capstan/shared/contract/status';
import type { Db } from './db.ts';
import type { JobRow } from './job-row.ts';

/** An event with its place in the order of all events, and the job as it left it. */
export interface StoredEvent {
  readonly cursor: number;
  readonly event: JobEvent;
  readonly job: JobRow;
}

export type Events = ReturnType<typeof createEvents>;

export function createEvents(db: Db) {
  const insert = db.prepare(
    'insert into events (job_id, run, attempt, n, code, at, details) values (?, ?, ?, ?, ?, ?, ?)',
  );
  const removeOf = db.prepare(`delete from events where job_id = ? and code <> ${STATUS.deleted.code}`);
  const has = db.prepare('select 1 from events where job_id = ? and code = ?');
  const last = db.prepare('select coalesce(max(cursor), 0) as cursor from events');

  return {
    /** Returns the event's cursor. */
    append({ jobId, run, attempt, n, code, at, details }: JobEvent): number {
      return insert.run(jobId, run, attempt, n, code, at, JSON.stringify(details)).lastId;
    },
    /** Forgets what happened to a job, all but that it was deleted. */
    removeOf(jobId: JobId): void {
      removeOf.run(jobId);
    },
    /** Whether an event of this status is kept for the job. */
    has: (jobId: JobId, code: StatusCode) => has.get(jobId, code) !== undefined,
    lastCursor: () => last.get()?.['cursor'] as number,
  };
}
