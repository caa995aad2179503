/** Jobs as their statuses need them: only the columns that clients see, read without a search where the id is known. */
import type { Address, EnvironmentId, JobId } from '@capstan/shared/contract/ids';
import type { ResultFile, Termination } from '@capstan/shared/contract/job';
import type { StatusCode } from '@capstan/shared/contract/status';
import type { Db, SqlValue } from './db.ts';
import type { JobRow } from './job-row.ts';

export type StatusRow = Pick<
  JobRow,
  | 'jobId'
  | 'accepted'
  | 'owner'
  | 'ownerShown'
  | 'environment'
  | 'documentId'
  | 'agreementId'
  | 'algoDid'
  | 'inputDids'
  | 'dateCreated'
  | 'dateFinished'
  | 'dispatchedAt'
  | 'code'
  | 'stopreq'
  | 'removed'
  | 'expiresAt'
  | 'termination'
  | 'results'
  | 'resultsDid'
>;

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

const COLUMNS = `job_id, accepted, owner, owner_shown, environment, document_id, agreement_id, algo_did, input_dids, date_created,
  date_finished, dispatched_at, code, stopreq, removed, expires_at, termination, results, results_did`;

export type Statuses = ReturnType<typeof createStatuses>;

export function createStatuses(db: Db) {
  const byId = db.prepare(`select ${COLUMNS} from jobs where job_id = ?`);
  const version = db.prepare('select revision, code from jobs where job_id = ?');
  const filters = new Map<string, ReturnType<Db['prepare']>>();

  return {
    /** Which state of the job its row shows: every change of what clients see makes another revision. */
    version(jobId: string): { readonly revision: number; readonly code: StatusCode } | undefined {
      const values = version.values(jobId);
      return values && { revision: values[0] as number, code: values[1] as StatusCode };
    },
    /** Newest first. Every given part of the filter must match. */
    select(filter: JobFilter, limit: number): readonly StatusRow[] {
      const { jobId, jobIds = jobId === undefined ? undefined : [jobId] } = filter;
      if (jobIds !== undefined) {
        const values = [...new Set(jobIds)].flatMap((id) => [byId.values(id) ?? []].filter(({ length }) => length > 0));
        const rows = values.map(toStatusRow).filter((row) => fits(row, filter));
        return rows.toSorted((a, b) => b.accepted - a.accepted).slice(0, limit);
      }
      const parts: readonly (readonly [string, string | undefined])[] = [
        ['document_id = ?', filter.documentId],
        ['agreement_id = ?', filter.agreementId],
        ['owner = ?', filter.owner],
        ['environment = ?', filter.environment],
      ];
      const given = parts.filter((part): part is readonly [string, string] => part[1] !== undefined);
      const conditions = [
        ...given.map(([condition]) => condition),
        ...(filter.isOpen ? ['date_finished is null'] : []),
      ];
      const sql = `select ${COLUMNS} from jobs where ${conditions.join(' and ') || '1'} order by accepted desc limit ?`;
      let statement = filters.get(sql);
      if (!statement) filters.set(sql, (statement = db.prepare(sql)));
      return statement.allValues(...given.map(([, value]) => value), limit).map(toStatusRow);
    },
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

/** In the order of COLUMNS. */
function toStatusRow(values: readonly SqlValue[]): StatusRow {
  const [jobId, accepted, owner, ownerShown, environment, documentId, agreementId, algoDid, inputDids, ...more] =
    values;
  const [dateCreated, dateFinished, dispatchedAt, code, stopreq, removed, expiresAt, termination, results, resultsDid] =
    more;
  return {
    jobId: jobId as JobId,
    accepted: accepted as number,
    owner: owner as Address,
    ownerShown: ownerShown as string,
    environment: environment as EnvironmentId,
    documentId: documentId as string,
    agreementId: agreementId as string,
    algoDid: algoDid as string,
    inputDids: JSON.parse(inputDids as string) as string[],
    dateCreated: dateCreated as number,
    dateFinished: dateFinished as number | null,
    dispatchedAt: dispatchedAt as number | null,
    code: code as StatusCode,
    stopreq: stopreq as 0 | 1 | 2,
    removed: removed as 0 | 1,
    expiresAt: expiresAt as number | null,
    termination: termination === null ? null : (JSON.parse(termination as string) as Termination),
    results: JSON.parse(results as string) as ResultFile[],
    resultsDid: resultsDid as string,
  };
}
