/** The notifications table: what owners are still to be told. Which events they hear of is decided in `notify/note-event`. */
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
  /** A digest of the receiver's host; empty where it is not known. */
  readonly place: string;
  readonly owner: string;
  /** From which the job came; empty where it is not known. */
  readonly network: string;
}

/** Which are left out: those in work, and those of hosts, owners and networks that have their share. */
export interface Busy {
  readonly ids: readonly number[];
  readonly places: readonly string[];
  readonly owners: readonly string[];
  readonly networks: readonly string[];
}

/** Who wants to hear of a job's beginning and end. */
export type Receiver = Pick<Notification, 'sealedUrl' | 'place' | 'owner' | 'network'>;

export type NewNotification = Omit<Notification, 'id' | 'tries'>;

export type Notifications = ReturnType<typeof createNotifications>;

export function createNotifications(db: Db) {
  // Of each job the oldest: its end is not told before its beginning.
  const isFirst = 'not exists (select 1 from notifications e where e.job_id = n.job_id and e.id < n.id)';
  const isFree = `n.id not in (select value from json_each(?)) and n.place not in (select value from json_each(?))
    and n.owner not in (select value from json_each(?)) and n.network not in (select value from json_each(?))`;
  const due = db.prepare(`
    select * from notifications n indexed by notifications_due where due_at <= ? and ${isFree} and ${isFirst}
    order by due_at, id limit ?`);
  const anyDue = db.prepare('select 1 from notifications indexed by notifications_due where due_at <= ? limit 1');
  const next = db.prepare(`
    select due_at from notifications n indexed by notifications_due where due_at > ? and ${isFirst} order by due_at, id limit 1`);
  const postpone = db.prepare('update notifications set tries = tries + 1, due_at = ? where id = ?');
  const remove = db.prepare('delete from notifications where id = ?');

  const receiver = db.prepare(`
    select spec ->> '$.output.sealedNotifyUrl' as sealed_url, coalesce(spec ->> '$.output.notifyPlace', '') as place, owner, network
    from jobs join job_specs using (id) where job_id = ? and spec ->> '$.output.sealedNotifyUrl' is not null`);
  const ofNetwork = db.prepare('select count(*) from (select 1 from notifications where network = ? limit ?)');
  const add = db.prepare(`
    insert into notifications (job_id, run, code, at, details, sealed_url, due_at, place, owner, network)
    values (?, ?, ?, ?, ?, ?, 0, ?, ?, ?)`);

  return {
    /** Undefined for a job whose owner asked for no word of it. */
    receiverOf(jobId: JobId): Receiver | undefined {
      const row = receiver.get(jobId);
      return (
        row && {
          sealedUrl: row['sealed_url'] as string,
          place: row['place'] as string,
          owner: row['owner'] as string,
          network: row['network'] as string,
        }
      );
    },
    /** How many wait for jobs of a network, counted up to `most`. */
    countOf: (network: string, most: number) => ofNetwork.values(network, most)?.[0] as number,
    /** Due at once. */
    add({ jobId, run, code, at, details, sealedUrl, place, owner, network }: NewNotification): void {
      add.run(jobId, run, code, at, JSON.stringify(details), sealedUrl, place, owner, network);
    },
    due(now: number, limit: number, busy: Busy = NOBODY): readonly Notification[] {
      // Looked at after each commit, and mostly there is none: then there is nothing to compare with who is busy.
      if (anyDue.values(now) === undefined) return [];
      const lists = [busy.ids, busy.places, busy.owners, busy.networks].map((list) => JSON.stringify(list));
      return due.all(now, ...lists, limit).map(toNotification);
    },
    /** When the next one after a time is due; undefined if there is none. */
    nextDue: (after: number): number | undefined => next.get(after)?.['due_at'] as number | undefined,
    postpone(id: number, dueAt: number): void {
      postpone.run(dueAt, id);
    },
    remove(id: number): void {
      remove.run(id);
    },
  };
}

const NOBODY: Busy = { ids: [], places: [], owners: [], networks: [] };

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
    place: row['place'] as string,
    owner: row['owner'] as string,
    network: row['network'] as string,
  };
}
