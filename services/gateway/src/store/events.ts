/** The events table: what happened, in the order in which it was stored. */
import type { JobEvent } from '@capstan/shared/contract/messages';
import type { Db } from './db.ts';
import type { JobRow } from './jobs.ts';

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
  const last = db.prepare('select coalesce(max(cursor), 0) as cursor from events');

  return {
    /** Returns the event's cursor. */
    append({ jobId, run, attempt, n, code, at, details }: JobEvent): number {
      return insert.run(jobId, run, attempt, n, code, at, JSON.stringify(details)).lastId;
    },
    lastCursor: () => last.get()?.['cursor'] as number,
  };
}
