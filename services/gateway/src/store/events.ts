/** The events table: what happened, in the order in which it was stored. */
import type { JobId } from '@capstan/shared/contract/ids';
import type { JobEvent } from '@capstan/shared/contract/messages';
import { STATUS, type StatusCode } from '@capstan/shared/contract/status';
import type { Db, SqlValue } from './db.ts';
import type { JobRow } from './job-row.ts';
import type { JobFilter } from './statuses.ts';

/** An event with its place in the order of all events, and the job as it left it. */
export interface StoredEvent {
  readonly cursor: number;
  readonly event: JobEvent;
  readonly job: JobRow;
}

/** An event as it is read again. */
export interface PastEvent {
  readonly cursor: number;
  readonly event: Pick<JobEvent, 'jobId' | 'run' | 'attempt' | 'code' | 'at'>;
}

export type Concerned = Pick<JobRow, 'owner' | 'environment' | 'documentId'>;

export type Events = ReturnType<typeof createEvents>;

/** Above all that runners tell. */
const FIRST_OWN = 1_000;
const COLUMNS = 'cursor, job_id, run, attempt, code, at';

export function createEvents(db: Db) {
  const insert = db.prepare(
    'insert into events (job_id, run, attempt, n, code, at, details, owner, environment, document_id) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
  );
  const removeOf = db.prepare(`delete from events where job_id = ? and code <> ${STATUS.deleted.code}`);
  const has = db.prepare('select 1 from events where job_id = ? and code = ?');
  const oldest = db.prepare('select cursor, at from events order by cursor limit ?');
  const removeTo = db.prepare('delete from events where cursor <= ?');
  const ownNumber = db.prepare(
    `select max(n) as n from events where job_id = ? and run = ? and attempt = 0 and n >= ${FIRST_OWN}`,
  );
  const reads = new Map<string, ReturnType<Db['prepare']>>();

  return {
    /** Returns the event's cursor. */
    append({ jobId, run, attempt, n, code, at, details }: JobEvent, concerned: Concerned): number {
      const { owner, environment, documentId } = concerned;
      const values = [jobId, run, attempt, n, code, at, JSON.stringify(details), owner, environment, documentId];
      return insert.run(...values).lastId;
    },
    /** For something that the gateway tells itself, and that may happen again. */
    ownNumber: (jobId: JobId, run: number) =>
      ((ownNumber.get(jobId, run)?.['n'] as number | null | undefined) ?? FIRST_OWN - 1) + 1,
    /** Forgets what happened to a job, all but that it was deleted. */
    removeOf(jobId: JobId): void {
      removeOf.run(jobId);
    },
    /** Whether an event of this status is kept for the job. */
    has: (jobId: JobId, code: StatusCode) => has.get(jobId, code) !== undefined,
    /** Events of these jobs after a cursor, in order. */
    after(filter: JobFilter, cursor: number, limit: number): readonly PastEvent[] {
      const { sql, values } = afterQuery(filter);
      let read = reads.get(sql);
      if (!read) reads.set(sql, (read = db.prepare(sql)));
      return read.allValues(...values, cursor, limit).map(toPastEvent);
    },
    /** Removes the oldest events as long as each is from before a time, `most` of them; returns how many, and the last cursor removed. */
    prune(beforeMs: number, most: number): { readonly count: number; readonly last: number | undefined } {
      const rows = oldest.allValues(most) as readonly (readonly [number, number])[];
      const firstKept = rows.findIndex(([, at]) => at >= beforeMs);
      const count = firstKept === -1 ? rows.length : firstKept;
      const last = rows[count - 1]?.[0];
      if (last !== undefined) removeTo.run(last);
      return { count, last };
    },
  };
}

/**
 * One index leads, that of the narrowest part of the filter; the `+` keeps SQLite, which knows no sizes, from choosing another one.
 * A deleted job has no order any more: who asks by order does not hear that it was deleted.
 */
function afterQuery({ jobId, jobIds, agreementId, owner, documentId, environment }: JobFilter) {
  const ids = [...(jobId === undefined ? [] : [jobId]), ...(jobIds ?? [])];
  const parts: readonly (readonly [column: string, test: string, values: readonly SqlValue[]])[] = [
    ['job_id', `in (${ids.map(() => '?').join(', ')})`, ids],
    ['job_id', 'in (select job_id from jobs where agreement_id = ?)', agreementId === undefined ? [] : [agreementId]],
    ['owner', '= ?', owner === undefined ? [] : [owner]],
    ['document_id', '= ?', documentId === undefined ? [] : [documentId]],
    ['environment', '= ?', environment === undefined ? [] : [environment]],
  ];
  const given = parts.filter(([, , values]) => values.length > 0);
  const conditions = given.map(([column, test], index) => `${index === 0 ? column : `+${column}`} ${test}`);
  const isAll = given.length === 0;
  return {
    sql: `select ${COLUMNS} from events where ${conditions.join(' and ')}${isAll ? '' : ' and '}cursor > ? order by cursor limit ?`,
    values: given.flatMap(([, , values]) => values),
  };
}

/** In the order of COLUMNS. */
function toPastEvent([cursor, jobId, run, attempt, code, at]: readonly SqlValue[]): PastEvent {
  return {
    cursor: cursor as number,
    event: {
      jobId: jobId as JobId,
      run: run as number,
      attempt: attempt as number,
      code: code as StatusCode,
      at: at as number,
    },
  };
}
