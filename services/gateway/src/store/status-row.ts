/** The columns of a job that its statuses need, and how they are read. */
import type { Address, EnvironmentId, JobId } from '@capstan/shared/contract/ids';
import type { ResultFile, Termination } from '@capstan/shared/contract/job';
import type { StatusCode } from '@capstan/shared/contract/status';
import type { SqlValue } from './db.ts';
import type { JobRow } from './job-row.ts';

export const COLUMNS = `job_id, accepted, owner, owner_shown, environment, document_id, agreement_id, algo_did, input_dids, date_created,
  date_finished, dispatched_at, code, stopreq, removed, expires_at, termination, results, results_did, run`;

/** The same for lists. */
export const LISTED = `${COLUMNS.replace('results,', 'results_listed,')}, results_count`;

/** In the order of COLUMNS. */
export function toStatusRow(values: readonly SqlValue[]): StatusRow {
  const [jobId, accepted, owner, ownerShown, environment, documentId, agreementId, algoDid, inputDids, ...more] =
    values;
  const [
    dateCreated,
    dateFinished,
    dispatchedAt,
    code,
    stopreq,
    removed,
    expiresAt,
    termination,
    results,
    resultsDid,
    run,
  ] = more;
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
    run: run as number,
  };
}

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
  | 'run'
> & {
  /** Results that a list leaves out: it shows the first of each job only. */
  readonly resultsOmitted?: number;
  /** It is of a run that was followed by another one: what it left is asked for by its number. */
  readonly isPast?: true;
};
