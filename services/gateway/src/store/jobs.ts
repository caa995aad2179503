/** The jobs table. A job changes only by `advance`, a conditional write on the state that the change was decided on. */
import type { Address, EnvironmentId, JobId, Nonce } from '@capstan/shared/contract/ids';
import type { ResultFile, Termination } from '@capstan/shared/contract/job';
import type { LifecycleState } from '@capstan/shared/contract/lifecycle';
import type { StatusCode } from '@capstan/shared/contract/status';
import type { Db, Row } from './db.ts';

export interface JobRow extends LifecycleState {
  readonly jobId: JobId;
  readonly accepted: number;
  readonly owner: Address;
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
  readonly stopreq: 0 | 1 | 2;
  readonly removed: 0 | 1;
  readonly expiresAt: number | null;
  readonly termination: Termination | null;
  readonly results: readonly ResultFile[];
}

export type NewJob = Pick<
  JobRow,
  | 'jobId'
  | 'owner'
  | 'environment'
  | 'documentId'
  | 'agreementId'
  | 'algoDid'
  | 'inputDids'
  | 'nonce'
  | 'bodyHash'
  | 'dateCreated'
>;

/** What an event may change beside the lifecycle state. */
export interface JobChange {
  readonly state: LifecycleState;
  readonly dateFinished: number | null;
  readonly expiresAt: number | null;
  readonly termination: Termination | null;
  readonly results: readonly ResultFile[];
}

export interface JobFilter {
  readonly jobId?: string;
  readonly documentId?: string;
  readonly agreementId?: string;
  readonly owner?: Address;
}

export interface WaitingOwner {
  readonly owner: Address;
  readonly accepted: number;
  readonly jobId: JobId;
  readonly running: number;
}

export interface SentJob {
  readonly jobId: JobId;
  readonly run: number;
  readonly environment: EnvironmentId;
  readonly sentAt: number;
}

export type Jobs = ReturnType<typeof createJobs>;

export function createJobs(db: Db) {
  const insert = db.prepare(`
    insert into jobs (job_id, accepted, run, attempt, code, owner, environment, document_id, agreement_id, algo_did, input_dids, nonce, body_hash, date_created)
    values (?, (select coalesce(max(accepted), 0) + 1 from jobs), 1, 0, 1, ?, ?, ?, ?, ?, ?, ?, ?, ?)
    returning *`);
  const insertSpec = db.prepare('insert into job_specs (job_id, spec) values (?, ?)');
  const selectSpec = db.prepare('select spec from job_specs where job_id = ?');
  const byNonce = db.prepare('select * from jobs where owner = ? and nonce = ?');
  const byId = db.prepare('select * from jobs where job_id = ?');
  const advance = db.prepare(`
    update jobs set attempt = ?, code = ?, date_finished = ?, expires_at = ?, termination = ?, results = ?
    where job_id = ? and run = ? and attempt = ? and code = ?
    returning *`);
  const markSent = db.prepare(`
    update jobs set dispatched_at = coalesce(dispatched_at, ?1), sent_at = ?1
    where job_id = ?2 and date_finished is null
    returning run`);
  const waiting = db.prepare(`
    select w.owner, min(w.accepted) as accepted, w.job_id,
      (select count(*) from jobs r where r.environment = w.environment and r.owner = w.owner
        and r.date_finished is null and r.dispatched_at is not null) as running
    from jobs w
    where w.environment = ? and w.date_finished is null and w.dispatched_at is null
    group by w.owner`);
  const environmentsWaiting = db.prepare(
    'select distinct environment from jobs where date_finished is null and dispatched_at is null',
  );
  const countDispatched = db.prepare(
    'select count(*) as n from jobs where environment = ? and date_finished is null and dispatched_at is not null',
  );
  const countWaiting = db.prepare(
    'select count(*) as n from jobs where environment = ? and date_finished is null and dispatched_at is null',
  );
  const countAhead = db.prepare(
    'select count(*) as n from jobs where environment = ? and date_finished is null and dispatched_at is null and accepted < ?',
  );
  const sent = db.prepare(
    'select job_id, run, environment, sent_at from jobs where date_finished is null and dispatched_at is not null',
  );
  const filters = new Map<string, ReturnType<Db['prepare']>>();

  return {
    add(job: NewJob, spec: string): JobRow {
      const row = insert.get(
        job.jobId,
        job.owner,
        job.environment,
        job.documentId,
        job.agreementId,
        job.algoDid,
        JSON.stringify(job.inputDids),
        job.nonce,
        job.bodyHash,
        job.dateCreated,
      );
      insertSpec.run(job.jobId, spec);
      return toJob(present(row));
    },
    find(jobId: string): JobRow | undefined {
      const row = byId.get(jobId);
      return row && toJob(row);
    },
    /** The job that a request with this nonce created. */
    byNonce(owner: Address, nonce: Nonce): JobRow | undefined {
      const row = byNonce.get(owner, nonce);
      return row && toJob(row);
    },
    /** The spec as it was stored, JSON text. */
    spec(jobId: JobId): string | undefined {
      return selectSpec.get(jobId)?.['spec'] as string | undefined;
    },
    /** Newest first. Every given part of the filter must match. */
    select(filter: JobFilter, limit: number): readonly JobRow[] {
      const parts: readonly (readonly [string, string | undefined])[] = [
        ['job_id = ?', filter.jobId],
        ['document_id = ?', filter.documentId],
        ['agreement_id = ?', filter.agreementId],
        ['owner = ?', filter.owner],
      ];
      const given = parts.filter((part): part is readonly [string, string] => part[1] !== undefined);
      const sql = `select * from jobs where ${given.map(([condition]) => condition).join(' and ') || '1'} order by accepted desc limit ?`;
      let statement = filters.get(sql);
      if (!statement) filters.set(sql, (statement = db.prepare(sql)));
      return statement.all(...given.map(([, value]) => value), limit).map(toJob);
    },
    /** Undefined if the job is no longer in the state that the change was decided on. */
    advance(job: JobRow, change: JobChange): JobRow | undefined {
      const row = advance.get(
        change.state.attempt,
        change.state.code,
        change.dateFinished,
        change.expiresAt,
        change.termination && JSON.stringify(change.termination),
        JSON.stringify(change.results),
        job.jobId,
        job.run,
        job.attempt,
        job.code,
      );
      return row && toJob(row);
    },
    /** Notes that the start command goes out now. Undefined if the job has ended. */
    markSent(jobId: JobId, at: number): number | undefined {
      return markSent.get(at, jobId)?.['run'] as number | undefined;
    },
    /** The first waiting job of each owner, and how many of theirs run. */
    waitingOwners(environment: EnvironmentId): readonly WaitingOwner[] {
      return waiting.all(environment).map((row) => ({
        owner: row['owner'] as Address,
        accepted: row['accepted'] as number,
        jobId: row['job_id'] as JobId,
        running: row['running'] as number,
      }));
    },
    environmentsWaiting: () => environmentsWaiting.all().map((row) => row['environment'] as EnvironmentId),
    countDispatched: (environment: EnvironmentId) => countDispatched.get(environment)?.['n'] as number,
    countWaiting: (environment: EnvironmentId) => countWaiting.get(environment)?.['n'] as number,
    countAhead: (job: JobRow) => countAhead.get(job.environment, job.accepted)?.['n'] as number,
    /** Jobs that were given to the bus and have not ended. */
    sent(): readonly SentJob[] {
      return sent.all().map((row) => ({
        jobId: row['job_id'] as JobId,
        run: row['run'] as number,
        environment: row['environment'] as EnvironmentId,
        sentAt: row['sent_at'] as number,
      }));
    },
  };
}

function present(row: Row | undefined): Row {
  if (!row) throw new Error('the store returned no row for an insert');
  return row;
}

function toJob(row: Row): JobRow {
  return {
    jobId: row['job_id'] as JobId,
    accepted: row['accepted'] as number,
    run: row['run'] as number,
    attempt: row['attempt'] as number,
    code: row['code'] as StatusCode,
    owner: row['owner'] as Address,
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
    stopreq: row['stopreq'] as 0 | 1 | 2,
    removed: row['removed'] as 0 | 1,
    expiresAt: row['expires_at'] as number | null,
    termination: row['termination'] === null ? null : (JSON.parse(row['termination'] as string) as Termination),
    results: JSON.parse(row['results'] as string) as ResultFile[],
  };
}
