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

/** What was found of a filter, in order. */
export interface EventPage {
  readonly events: readonly PastEvent[];
  /** All up to this cursor is among them. */
  readonly reached: number;
  /** Nothing comes after it. */
  readonly isEnd: boolean;
}

export type Concerned = Pick<JobRow, 'owner' | 'environment' | 'documentId'>;

export type Events = ReturnType<typeof createEvents>;

/** Above all that runners tell. */
const FIRST_OWN = 1_000;
const COLUMNS = 'cursor, job_id, run, attempt, code, at';
/** So many events of one part of a filter are looked at for a page, where few are of the other parts. */
const MOST_LOOKED_AT = 1_000;
/** Of an order so many jobs are told of, the newest. */
const MOST_OF_AN_ORDER = 1_000;

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
  const ofOrder = db.prepare('select job_id from jobs where agreement_id = ? order by accepted desc limit ?');
  const reads = new Map<string, ReturnType<Db['prepare']>>();
  const prepared = (sql: string) => {
    let read = reads.get(sql);
    if (!read) reads.set(sql, (read = db.prepare(sql)));
    return read;
  };

  /** As far as one part leads, which an index knows in its order; what is of the others is told apart row by row. */
  const look = (lead: Part, rest: readonly Part[], { after, limit }: Place): EventPage => {
    const most = rest.length === 0 ? limit : Math.max(limit, MOST_LOOKED_AT);
    const isFit = rest.map(([test]) => test).join(' and ') || '1';
    const sql = `select ${COLUMNS}, ${isFit} from events where ${lead[0]} and cursor > ? order by cursor limit ?`;
    const values = [...rest.flatMap(([, given]) => given), ...lead[1], after, most];
    const rows = prepared(sql).allValues(...values);
    const events = rows.filter((row) => row.at(-1) === 1).map(toPastEvent);
    const isAll = rows.length < most;
    if (events.length > limit) {
      const first = events.slice(0, limit);
      return { events: first, reached: first.at(-1)?.cursor ?? after, isEnd: false };
    }
    return { events, reached: (rows.at(-1)?.[0] as number | undefined) ?? after, isEnd: isAll };
  };

  /** Of each a few, and of those together as many as lie before what was not read of any: no more is sorted than is told. */
  const lookAtJobs = (ids: readonly string[], rest: readonly Part[], { after, limit }: Place): EventPage => {
    if (ids.length === 0) return { events: [], reached: after, isEnd: true };
    const each = Math.ceil(limit / ids.length);
    const pages = ids.map((id) => look(['job_id = ?', [id]], rest, { after, limit: each }));
    const reached = Math.min(...pages.filter(({ isEnd }) => !isEnd).map((page) => page.reached));
    const events = pages
      .flatMap((page) => page.events.filter(({ cursor }) => cursor <= reached))
      .toSorted((a, b) => a.cursor - b.cursor);
    return {
      events,
      reached: Number.isFinite(reached) ? reached : (events.at(-1)?.cursor ?? after),
      isEnd: !Number.isFinite(reached),
    };
  };

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
    /** Events of these jobs after a cursor, in order: about so many at most, and none where much had to be looked at. */
    after(filter: JobFilter, after: number, limit: number): EventPage {
      const place = { after, limit };
      const { jobId, jobIds, agreementId } = filter;
      const named = jobIds ?? (jobId === undefined ? undefined : [jobId]);
      const [lead, ...rest] = partsOf(filter);
      const parts = lead ? [lead, ...rest] : [];
      if (named) return lookAtJobs([...new Set(named)], parts, place);
      if (agreementId !== undefined) {
        // A deleted job has no order any more: who asks by order does not hear that it was deleted.
        const ids = ofOrder.allValues(agreementId, MOST_OF_AN_ORDER).map(([id]) => id as string);
        return lookAtJobs(ids, parts, place);
      }
      return look(lead ?? ALL, rest, place);
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

/** A condition, and what stands for its question marks. */
type Part = readonly [test: string, values: readonly SqlValue[]];

interface Place {
  readonly after: number;
  readonly limit: number;
}

const ALL: Part = ['cursor > 0', []];

/** The first leads by an index of its own: those of an owner on a document together, else the narrowest part. */
function partsOf({ owner, documentId, environment }: JobFilter): readonly Part[] {
  const ofBoth: readonly Part[] =
    owner !== undefined && documentId !== undefined ? [['owner = ? and document_id = ?', [owner, documentId]]] : [];
  const single: readonly (readonly [string, string | undefined])[] = [
    ...(ofBoth.length === 0
      ? ([
          ['owner = ?', owner],
          ['document_id = ?', documentId],
        ] as const)
      : []),
    ['environment = ?', environment],
  ];
  return [...ofBoth, ...single.flatMap(([test, value]): Part[] => (value === undefined ? [] : [[test, [value]]]))];
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
