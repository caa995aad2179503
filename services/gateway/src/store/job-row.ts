/** A job as its row says. */
import type { Address, EnvironmentId, JobId, Nonce } from '@capstan/shared/contract/ids';
import type { ResultFile, Termination } from '@capstan/shared/contract/job';
import type { AttemptOwner } from '@capstan/shared/contract/messages';
import type { LifecycleState } from '@capstan/shared/contract/lifecycle';
import type { StatusCode } from '@capstan/shared/contract/status';
import type { Row } from './db.ts';

/** What its owner wants of a job. */
export type Want = 'run' | 'stopped' | 'deleted';

export interface JobRow extends LifecycleState {
  readonly jobId: JobId;
  readonly accepted: number;
  readonly owner: Address;
  /** The owner's address with its checksum. */
  readonly ownerShown: string;
  readonly environment: EnvironmentId;
  readonly documentId: string;
  readonly agreementId: string;
  readonly algoDid: string;
  readonly inputDids: readonly string[];
  readonly nonce: Nonce;
  /** SHA-256 of the request's body. */
  readonly bodyHash: string;
  readonly dateCreated: number;
  readonly dateFinished: number | null;
  readonly dispatchedAt: number | null;
  /** When its start command went out last; null as long as it waits in the queue. */
  readonly sentAt: number | null;
  readonly stopreq: 0 | 1 | 2;
  readonly want: Want;
  /** The operator who stopped it; null where its owner did, or nobody. */
  readonly stoppedBy: Address | null;
  readonly removed: 0 | 1;
  readonly expiresAt: number | null;
  readonly termination: Termination | null;
  readonly results: readonly ResultFile[];
  /** The asset that the results are; empty if they are none. */
  readonly resultsDid: string;
  /** Who has the last attempt that was given away in this run; undefined as long as none was. */
  readonly start: AttemptOwner | undefined;
}

export function toJob(row: Row): JobRow {
  return {
    jobId: row['job_id'] as JobId,
    accepted: row['accepted'] as number,
    run: row['run'] as number,
    attempt: row['attempt'] as number,
    code: row['code'] as StatusCode,
    owner: row['owner'] as Address,
    ownerShown: row['owner_shown'] as string,
    environment: row['environment'] as EnvironmentId,
    documentId: row['document_id'] as string,
    agreementId: row['agreement_id'] as string,
    algoDid: row['algo_did'] as string,
    inputDids: JSON.parse(row['input_dids'] as string) as string[],
    nonce: row['nonce'] as Nonce,
    bodyHash: row['body_hash'] as string,
    dateCreated: row['date_created'] as number,
    dateFinished: row['date_finished'] as number | null,
    dispatchedAt: row['dispatched_at'] as number | null,
    sentAt: row['dispatched_at'] === null ? null : (row['sent_at'] as number | null),
    stopreq: row['stopreq'] as 0 | 1 | 2,
    want: row['want'] as Want,
    stoppedBy: row['stopped_by'] as Address | null,
    removed: row['removed'] as 0 | 1,
    expiresAt: row['expires_at'] as number | null,
    termination: row['termination'] === null ? null : (JSON.parse(row['termination'] as string) as Termination),
    results: JSON.parse(row['results'] as string) as ResultFile[],
    resultsDid: row['results_did'] as string,
    start: startOf(row),
  };
}

function startOf(row: Row): AttemptOwner | undefined {
  const attempt = row['start_attempt'] as number;
  return attempt === 0 ? undefined : { attempt, runnerId: row['start_runner'] as string };
}
