/** The jobs table. A job changes only by `advance`, a conditional write on the state that the change was decided on. */
import type { Address, JobId, Nonce } from '@capstan/shared/contract/ids';
import type { ResultFile, Termination } from '@capstan/shared/contract/job';
import type { LifecycleState } from '@capstan/shared/contract/lifecycle';
import type { Db, Row } from './db.ts';
import { toJob, type JobRow, type Want } from './job-row.ts';

export type NewJob = Pick<
  JobRow,
  | 'jobId'
  | 'owner'
  | 'ownerShown'
  | 'environment'
  | 'documentId'
  | 'agreementId'
  | 'algoDid'
  | 'inputDids'
  | 'nonce'
  | 'bodyHash'
  | 'dateCreated'
>;

/** What may differ from run to run. */
export type NextRun = Pick<JobRow, 'environment' | 'algoDid' | 'inputDids' | 'nonce' | 'bodyHash'>;

/** What an event may change beside the lifecycle state. */
export interface JobChange {
  readonly state: LifecycleState;
  readonly dateFinished: number | null;
  readonly expiresAt: number | null;
  readonly termination: Termination | null;
  readonly results: readonly ResultFile[];
  readonly resultsDid: string;
}

export type Jobs = ReturnType<typeof createJobs>;

export function createJobs(db: Db) {
  const insert = db.prepare(`
    insert into jobs (job_id, accepted, run, attempt, code, owner, owner_shown, environment, document_id, agreement_id, algo_did, input_dids, nonce, body_hash, date_created)
    values (?, (select coalesce(max(accepted), 0) + 1 from jobs), 1, 0, 1, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
    returning *`);
  const insertSpec = db.prepare('insert into job_specs (id, spec) values (?, ?)');
  const selectSpec = db.prepare('select spec from job_specs join jobs using (id) where job_id = ?');
  const byNonce = db.prepare('select * from jobs where owner = ? and nonce = ?');
  const byId = db.prepare('select * from jobs where job_id = ?');
  const advance = db.prepare(`
    update jobs set attempt = ?, code = ?, date_finished = ?, expires_at = ?, termination = ?, results = ?, results_did = ?
    where job_id = ? and run = ? and attempt = ? and code = ?
    returning *`);
  const want = db.prepare(`
    update jobs set want = ?, stopreq = case when stopreq = 0 then 1 else stopreq end
    where job_id = ? and want <> 'deleted'
    returning *`);
  const unwanted = db.prepare(
    "select * from jobs where want = 'deleted' or (want = 'stopped' and date_finished is null)",
  );
  const restart = db.prepare(`
    update jobs set run = run + 1, attempt = 0, code = 1, accepted = (select max(accepted) + 1 from jobs), nonce = ?, body_hash = ?,
      environment = ?, algo_did = ?, input_dids = ?, date_finished = null, dispatched_at = null, sent_at = null,
      stopreq = 0, want = 'run', termination = null, results = '[]', results_did = '', expires_at = null
    where job_id = ? and run = ? and date_finished is not null and want <> 'deleted'
    returning *`);
  const updateSpec = db.prepare('update job_specs set spec = ? where id = (select id from jobs where job_id = ?)');
  const expiring = "results <> '[]' and expires_at is not null and expires_at <= ?";
  const selectExpiring = db.prepare(
    `select job_id, run from jobs where ${expiring} and date_finished is not null limit ?`,
  );
  const expire = db.prepare(
    `update jobs set results = '[]', results_did = '' where job_id = ? and run = ? and ${expiring}`,
  );
  const removeJob = db.prepare('delete from jobs where job_id = ?');

  return {
    add(job: NewJob, spec: string): JobRow {
      const row = present(
        insert.get(
          job.jobId,
          job.owner,
          job.ownerShown,
          job.environment,
          job.documentId,
          job.agreementId,
          job.algoDid,
          JSON.stringify(job.inputDids),
          job.nonce,
          job.bodyHash,
          job.dateCreated,
        ),
      );
      insertSpec.run(row['id'] as number, spec);
      return toJob(row);
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
    /** Notes that its owner wants an end of it; what is deleted stays so. Undefined if it is, or if there is no such job. */
    want(jobId: JobId, wanted: Exclude<Want, 'run'>): JobRow | undefined {
      const row = want.get(wanted, jobId);
      return row && toJob(row);
    },
    /** Jobs that are to be stopped and have not ended, and those that are to be deleted. */
    unwanted: (): readonly JobRow[] => unwanted.all().map(toJob),
    /** The next run of an ended job, at the end of the queue. Undefined if another one has begun meanwhile. */
    restart(job: JobRow, next: NextRun, spec: string): JobRow | undefined {
      const row = restart.get(
        next.nonce,
        next.bodyHash,
        next.environment,
        next.algoDid,
        JSON.stringify(next.inputDids),
        job.jobId,
        job.run,
      );
      if (row) updateSpec.run(spec, job.jobId);
      return row && toJob(row);
    },
    /** Runs whose results are listed although their time is over. */
    expiring: (now: number, limit: number): readonly { readonly jobId: JobId; readonly run: number }[] =>
      selectExpiring.all(now, limit).map((row) => ({ jobId: row['job_id'] as JobId, run: row['run'] as number })),
    /** Lists them no more. */
    expire(jobId: JobId, run: number, now: number): void {
      expire.run(jobId, run, now);
    },
    remove(jobId: JobId): void {
      removeJob.run(jobId);
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
        change.resultsDid,
        job.jobId,
        job.run,
        job.attempt,
        job.code,
      );
      return row && toJob(row);
    },
  };
}

function present(row: Row | undefined): Row {
  if (!row) throw new Error('the store returned no row for an insert');
  return row;
}
