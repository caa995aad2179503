/** The notifications table: what owners are still to be told. Rows come with their events, by a trigger. */
import type { JobId } from '@capstan/shared/contract/ids';
import type { EventDetails } from '@capstan/shared/contract/messages';
import type { StatusCode } from '@capstan/shared/contract/status';
import type { Db, Row } from './db.ts';

export interface Notification {
  readonly id: number;
  readonly jobId: JobId;
  readonly run: number;
  readonly code: StatusCode;
  /** Unix milliseconds. */
  readonly at: number;
  readonly details: EventDetails;
  /** Encrypted to the node's key. */
  readonly sealedUrl: string;
  /** How often it was tried. */
  readonly tries: number;
}

export type Notifications = ReturnType<typeof createNotifications>;

export function createNotifications(db: Db) {
  // Of each job the oldest: its end is not told before its beginning.
  const first = 'select min(id) from notifications group by job_id';
  const due = db.prepare(`select * from notifications where id in (${first}) and due_at <= ? order by id limit ?`);
  const next = db.prepare(`select min(due_at) as due_at from notifications where id in (${first})`);
  const postpone = db.prepare('update notifications set tries = tries + 1, due_at = ? where id = ?');
  const remove = db.prepare('delete from notifications where id = ?');

  return {
    due: (now: number, limit: number): readonly Notification[] => due.all(now, limit).map(toNotification),
    /** When the next one is due; undefined if there is none. */
    nextDue: (): number | undefined => (next.get()?.['due_at'] as number | null | undefined) ?? undefined,
    postpone(id: number, dueAt: number): void {
      postpone.run(dueAt, id);
    },
    remove(id: number): void {
      remove.run(id);
    },
  };
}

function toNotification(row: Row): Notification {
  return {
    id: row['id'] as number,
    jobId: row['job_id'] as JobId,
    run: row['run'] as number,
    code: row['code'] as StatusCode,
    at: row['at'] as number,
    details: JSON.parse(row['details'] as string) as EventDetails,
    sealedUrl: row['sealed_url'] as string,
    tries: row['tries'] as number,
  };
}
