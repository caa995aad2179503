/** Jobs as their statuses need them: only the columns that clients see, read without a search where the id is known. */
import type { Address } from '@capstan/shared/contract/ids';
import type { StatusCode } from '@capstan/shared/contract/status';
import type { Db, SqlValue } from './db.ts';
import { conditionOf, partsOf, valuesOf, type FilterParts } from './filter-parts.ts';
import { COLUMNS, LISTED, toStatusRow, type StatusRow } from './status-row.ts';

/** Where a job stands in a list of many: by its place in the order of acceptance. */
export interface StatusKey {
  readonly accepted: number;
  readonly revision: number;
  readonly state: JobState;
}

export const JOB_STATES = ['waiting', 'running', 'ended'] as const;
export type JobState = (typeof JOB_STATES)[number];

export interface JobFilter {
  readonly jobId?: string;
  /** Any of these. */
  readonly jobIds?: readonly string[];
  readonly documentId?: string;
  readonly agreementId?: string;
  readonly owner?: Address;
  readonly environment?: string;
  /** Leaves out those that have ended; a named job is found in any case. */
  readonly isOpen?: true;
}

/** Of jobs that are not named: what lists are made of. A named one is found by `select`. */
export interface ListFilter extends Pick<JobFilter, 'documentId' | 'agreementId' | 'owner' | 'environment'> {
  readonly jobId?: never;
  readonly jobIds?: never;
  readonly isOpen?: never;
}

/** What was found of a filter, in order. */
export interface KeysFound {
  readonly keys: readonly StatusKey[];
  /** The place of the last job that was looked at, where there are more; whether or not it is among them. */
  readonly last: number | undefined;
}

export const LIST_ORDERS = ['newest', 'oldest'] as const;
export type ListOrder = (typeof LIST_ORDERS)[number];

/** Where a page of a list begins: behind a job, by its place in the order of acceptance, or at the beginning. */
export interface ListPlace {
  readonly after?: number | undefined;
  readonly order?: ListOrder | undefined;
}

/** What the indexes of the queue know. */
export type QueueFilter = Pick<ListFilter, 'owner' | 'environment'>;

/** Whether a filter names jobs by their ids. */
export const namesJobs = ({ jobId, jobIds }: JobFilter): boolean => jobId !== undefined || jobIds !== undefined;

export function isListFilter(filter: JobFilter): filter is ListFilter {
  return !namesJobs(filter) && filter.isOpen === undefined;
}

/** Of results that several named jobs show whole, together: the others show the first of theirs, as in lists. */
const MOST_BYTES_OF_SEVERAL = 300_000;
/** Jobs of one part of a filter that are looked at at once, where few are of the other parts. */
const MOST_LOOKED_AT = 20_000;
const KEYS = 'accepted, revision, date_finished, dispatched_at';

const WAITS = 'date_finished is null and dispatched_at is null';
const WAYS = {
  newest: 'accepted < ? order by accepted desc',
  oldest: 'accepted > ? order by accepted',
} as const satisfies Readonly<Record<ListOrder, string>>;
const BEFORE_ALL = { newest: Number.MAX_SAFE_INTEGER, oldest: 0 } as const satisfies Readonly<
  Record<ListOrder, number>
>;

export type Statuses = ReturnType<typeof createStatuses>;

export function createStatuses(db: Db) {
  const byId = db.prepare(`select ${COLUMNS} from jobs where job_id = ?`);
  const at = db.prepare(`select ${COLUMNS} from jobs where accepted = ?`);
  const version = db.prepare('select revision, code from jobs where job_id = ?');
  const filters = new Map<string, ReturnType<Db['prepare']>>();
  const prepared = (sql: string) => {
    let statement = filters.get(sql);
    if (!statement) filters.set(sql, (statement = db.prepare(sql)));
    return statement;
  };
  // From one environment to the next by the index of the queue.
  const waitedFor = db.prepare(`
    with recursive waited (environment) as (
      select min(environment) from jobs indexed by jobs_queue where ${WAITS}
      union all
      select (select min(environment) from jobs indexed by jobs_queue where ${WAITS} and environment > waited.environment)
      from waited where waited.environment is not null
    )
    select environment from waited where environment is not null`);
  const byPlace = db.prepare(`select ${LISTED} from jobs where accepted = ?`);
  const placeOf = db.prepare('select accepted, octet_length(results) from jobs where job_id = ?');
  const listed = (accepted: number): StatusRow | undefined => {
    const values = byPlace.values(accepted);
    if (!values) return undefined;
    const count = values.at(-1) as number;
    const row = toStatusRow(values);
    return { ...row, resultsOmitted: count - row.results.length };
  };
  const whole = (jobId: string): StatusRow | undefined => {
    const values = byId.values(jobId);
    return values && toStatusRow(values);
  };

  /** Newest first. What would be too much of results is never read. */
  const several = (jobIds: readonly string[]): readonly StatusRow[] => {
    const places = [...new Set(jobIds)].flatMap((jobId) => {
      const [accepted, bytes] = (placeOf.values(jobId) ?? []) as readonly number[];
      return accepted === undefined || bytes === undefined ? [] : [{ jobId, accepted, bytes }];
    });
    let left = places.length === 1 ? Number.POSITIVE_INFINITY : MOST_BYTES_OF_SEVERAL;
    return places
      .toSorted((a, b) => b.accepted - a.accepted)
      .flatMap(({ jobId, accepted, bytes }) => {
        const isWhole = bytes <= left;
        if (isWhole) left -= bytes;
        return (isWhole ? whole(jobId) : listed(accepted)) ?? [];
      });
  };

  /**
   * The places of jobs that come after another one in a list, so many looked at: those that one part of the filter leads to, by an index,
   * of which those are told that the other parts fit.
   */
  const keys = (filter: FilterParts, { after, order = 'newest' }: ListPlace, most: number): KeysFound => {
    const { lead, rest } = partsOf(filter);
    const read = prepared(`select ${KEYS}, ${conditionOf(rest)} from jobs where ${lead[0]} and ${WAYS[order]} limit ?`);
    const rows = read.allValues(...valuesOf(rest), ...lead[1], after ?? BEFORE_ALL[order], most);
    const found = rows.filter((row) => row.at(-1) === 1).map(toKey);
    return { keys: found, last: rows.length < most ? undefined : (rows.at(-1)?.[0] as number | undefined) };
  };
  /** The same of those that wait, however many have ended: of each environment so many, in the order of its queue. */
  const waitingKeys = (
    filter: QueueFilter,
    { after, order = 'newest' }: ListPlace,
    limit: number,
  ): readonly StatusKey[] => {
    const { owner, environment } = filter;
    const environments = environment === undefined ? waitedFor.allValues().map(([id]) => id as string) : [environment];
    const ofOwner = owner === undefined ? '' : 'owner = ? and ';
    const read = prepared(`
        select ${KEYS} from jobs indexed by ${owner === undefined ? 'jobs_queue' : 'jobs_waiting'}
        where environment = ? and ${WAITS} and ${ofOwner}${WAYS[order]} limit ?`);
    const place = [...(owner === undefined ? [] : [owner]), after ?? BEFORE_ALL[order], limit];
    const all = environments.flatMap((id) => read.allValues(id, ...place).map(toKey));
    return all
      .toSorted((a, b) => (order === 'newest' ? b.accepted - a.accepted : a.accepted - b.accepted))
      .slice(0, limit);
  };
  /** The places of those that were given to the runners and have not ended: never more than the node has room for. */
  const runningKeys = (filter: FilterParts, limit: number): readonly StatusKey[] => {
    const { lead, rest } = partsOf(filter);
    const parts = [lead, ...rest];
    const read = prepared(`
        select ${KEYS} from jobs indexed by jobs_running
        where date_finished is null and dispatched_at is not null and ${conditionOf(parts)} order by accepted desc limit ?`);
    return read.allValues(...valuesOf(parts), limit).map(toKey);
  };

  /** Of those that have not ended, however many have: by the indexes of those alone. */
  const open = (filter: JobFilter, limit: number): readonly StatusRow[] => {
    const { owner, environment } = filter;
    const ofQueue = {
      ...(owner === undefined ? {} : { owner }),
      ...(environment === undefined ? {} : { environment }),
    };
    const places = [...runningKeys(ofQueue, MOST_LOOKED_AT), ...waitingKeys(ofQueue, {}, MOST_LOOKED_AT)];
    return places
      .toSorted((a, b) => b.accepted - a.accepted)
      .flatMap(({ accepted }) => listed(accepted) ?? [])
      .filter((row) => fits(row, filter))
      .slice(0, limit);
  };

  return {
    /** Which state of the job its row shows: every change of what clients see makes another revision. */
    version(jobId: string): { readonly revision: number; readonly code: StatusCode } | undefined {
      const values = version.values(jobId);
      return values && { revision: values[0] as number, code: values[1] as StatusCode };
    },
    /** Newest first. Every given part of the filter must match. */
    select(filter: JobFilter, limit: number): readonly StatusRow[] {
      const { jobId, jobIds = jobId === undefined ? undefined : [jobId] } = filter;
      if (jobIds !== undefined)
        return several(jobIds)
          .filter((row) => fits(row, filter))
          .slice(0, limit);
      if (filter.isOpen) return open(filter, limit);
      const most = partsOf(filter).rest.length === 0 ? limit : MOST_LOOKED_AT;
      const found = keys(filter, {}, most).keys.slice(0, limit);
      return found.flatMap(({ accepted }) => {
        const values = at.values(accepted);
        return values ? [toStatusRow(values)] : [];
      });
    },
    keys,
    waitingKeys,
    runningKeys,
    /** The job at a place, with the first of its results; undefined if it is gone, or was started again. */
    listed,
  };
}

/** In the order of KEYS. */
function toKey([accepted, revision, dateFinished, dispatchedAt]: readonly SqlValue[]): StatusKey {
  const open = dispatchedAt === null ? 'waiting' : 'running';
  return {
    accepted: accepted as number,
    revision: revision as number,
    state: dateFinished === null ? open : 'ended',
  };
}

type Fitting = Pick<StatusRow, 'jobId' | 'documentId' | 'agreementId' | 'owner' | 'environment'>;

/** Whether every given part of a filter is true of a job. */
export function fits(row: Fitting, filter: JobFilter): boolean {
  const { jobId, jobIds, documentId, agreementId, owner, environment } = filter;
  return (
    (jobId === undefined || row.jobId === jobId) &&
    (jobIds === undefined || jobIds.includes(row.jobId)) &&
    (environment === undefined || row.environment === environment) &&
    (documentId === undefined || row.documentId === documentId) &&
    (agreementId === undefined || row.agreementId === agreementId) &&
    (owner === undefined || row.owner === owner)
  );
}
