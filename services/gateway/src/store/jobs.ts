/** The jobs table. A job changes only by `advance`, a conditional write on the state that the change was decided on. */
import { dateOf } from '@capstan/shared/runtime/dates';
import type { Address, JobId, Nonce } from '@capstan/shared/contract/ids';
import type { ResultFile, Termination } from '@capstan/shared/contract/job';
import type { AttemptOwner } from '@capstan/shared/contract/messages';
import type { LifecycleState } from '@capstan/shared/contract/lifecycle';
import { STATUS } from '@capstan/shared/contract/status';
import type { Db, Row } from './db.ts';
import { listedOf } from './listed-results.ts';
import { toJob, type JobRow, type Want } from './job-row.ts';
import { NEXT_REVISION } from './revision.ts';

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
> &
  Origin;

/** Where a request came from, and how: whom it counts for. */
export interface Origin {
  readonly network?: string;
  readonly isPaid?: boolean;
}

/** What may differ from run to run. */
export type NextRun = Pick<JobRow, 'environment' | 'algoDid' | 'inputDids' | 'nonce' | 'bodyHash'> & Origin;

/** What an event may change beside the lifecycle state. */
export interface JobChange {
  readonly state: LifecycleState;
  readonly dateFinished: number | null;
  readonly expiresAt: number | null;
  readonly termination: Termination | null;
  readonly results: readonly ResultFile[];
  readonly resultsDid: string;
}

export interface UnwantedJob extends JobRow {
  /** Of its row. */
  readonly id: number;
}

/** Where a page of them ends. */
export type UnwantedPlace = Pick<UnwantedJob, 'want' | 'id'>;

const FIRST_UNWANTED: UnwantedPlace = { want: 'deleted', id: 0 };

export type Jobs = ReturnType<typeof createJobs>;

export function createJobs(db: Db) {
  const insert = db.prepare(`
    insert into jobs (job_id, accepted, run, attempt, code, owner, owner_shown, environment, document_id, agreement_id, algo_did, input_dids, nonce, body_hash, date_created,
      network, is_paid, spec_bytes)
    values (?, (select coalesce(max(accepted), 0) + 1 from jobs), 1, 0, 1, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
    returning *`);
  const insertSpec = db.prepare('insert into job_specs (id, spec) values (?, ?)');
  const selectSpec = db.prepare('select spec from job_specs join jobs using (id) where job_id = ?');
  const byNonce = db.prepare('select * from jobs where owner = ? and nonce = ?');
  const byId = db.prepare('select * from jobs where job_id = ?');
  const advance = db.prepare(`
    update jobs set ${NEXT_REVISION}, attempt = ?, code = ?, date_finished = ?, expires_at = ?, termination = ?, results = ?, results_did = ?,
      results_listed = ?, results_count = ?, stopreq = case when ? then 2 else stopreq end,
      removed = case when ?3 is not null and sendings = 0 then 1 else removed end
    where job_id = ? and run = ? and attempt = ? and code = ?
    returning *`);
  const want = db.prepare(`
    update jobs set ${NEXT_REVISION}, want = ?, stopped_by = case when stopreq = 0 then ? else stopped_by end,
      stopreq = case when stopreq = 0 then 1 else stopreq end
    where job_id = ? and want <> 'deleted'
    returning *`);
  const unwantedWhere = (place: string) => `
    select * from jobs indexed by jobs_unwanted
    where (want = 'deleted' or (want = 'stopped' and date_finished is null)) and ${place} order by want, id limit ?`;
  const unwantedSame = db.prepare(unwantedWhere('want = ? and id > ?'));
  const unwantedLater = db.prepare(unwantedWhere('want > ?'));
  const restart = db.prepare(`
    update jobs set ${NEXT_REVISION}, run = run + 1, attempt = 0, code = 1, accepted = (select max(accepted) + 1 from jobs), nonce = ?, body_hash = ?,
      environment = ?, algo_did = ?, input_dids = ?, network = ?, is_paid = ?, spec_bytes = ?, date_finished = null, dispatched_at = null, sent_at = null,
      start_attempt = 0, start_runner = '', sendings = 0, stopreq = 0, removed = 0, want = 'run', stopped_by = null, termination = null, results = '[]', results_listed = '[]', results_count = 0, results_did = '',
      expires_at = null
    where job_id = ? and run = ? and date_finished is not null and want <> 'deleted'
    returning *`);
  const updateSpec = db.prepare('update job_specs set spec = ? where id = (select id from jobs where job_id = ?)');
  const expiring = "results <> '[]' and expires_at is not null and expires_at <= ?";
  const selectExpiring = db.prepare(
    `select job_id, run from jobs where ${expiring} and date_finished is not null limit ?`,
  );
  const expire = db.prepare(
    `update jobs set ${NEXT_REVISION}, results = '[]', results_listed = '[]', results_count = 0, results_did = '' where job_id = ? and run = ? and ${expiring}`,
  );
  const claimStart = db.prepare(`
    update jobs set start_attempt = ?1, start_runner = ?2
    where job_id = ?3 and run = ?4 and date_finished is null and start_attempt < ?1`);
  const move = db.prepare(`
    update jobs set ${NEXT_REVISION}, environment = ?1, spec_bytes = ?2, dispatched_at = null
    where job_id = ?3 and environment = ?4 and is_paid = 0 and date_finished is null and want = 'run'
      and (dispatched_at is null or (code = 1 and start_attempt = 0))
    returning *`);
  const cleared = db.prepare(`
    update jobs set ${NEXT_REVISION}, removed = 1 where job_id = ? and run = ? and date_finished is not null and removed = 0 returning *`);
  const uncleared = db.prepare(`
    select id, job_id, run from jobs indexed by jobs_uncleared
    where date_finished is not null and removed = 0 and id > ? and date_finished < ? order by id limit ?`);
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
          ...originOf(job, spec),
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
    /** The spec as it was stored, JSON text; undefined once it is forgotten, which it is some time after the job has ended. */
    spec(jobId: JobId): string | undefined {
      const spec = selectSpec.get(jobId)?.['spec'] as string | undefined;
      return spec === '' ? undefined : spec;
    },
    forgetSpec(jobId: JobId): void {
      updateSpec.run('', jobId);
    },
    /** Notes that its owner, or an operator, wants an end of it: the first who did; what is deleted stays so. Undefined if it is, or if there is no such job. */
    want(jobId: JobId, wanted: Exclude<Want, 'run'>, operator: Address | null = null): JobRow | undefined {
      const row = want.get(wanted, operator, jobId);
      return row && toJob(row);
    },
    /** Jobs that are to be stopped and have not ended, and those that are to be deleted; those after a place, so many at most. */
    unwanted({ want: last, id }: UnwantedPlace = FIRST_UNWANTED, most = 1_000): readonly UnwantedJob[] {
      const same = unwantedSame.all(last, id, most);
      const later = same.length < most ? unwantedLater.all(last, most - same.length) : [];
      return [...same, ...later].map((row) => ({ ...toJob(row), id: row['id'] as number }));
    },
    /** The next run of an ended job, at the end of the queue. Undefined if another one has begun meanwhile. */
    restart(job: JobRow, next: NextRun, spec: string): JobRow | undefined {
      const row = restart.get(
        next.nonce,
        next.bodyHash,
        next.environment,
        next.algoDid,
        JSON.stringify(next.inputDids),
        ...originOf(next, spec),
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
    /** Gives an attempt to who asks first, if none after it was given away. Who has it then, the row says. */
    claimStart({ jobId, run, attempt, runnerId }: AttemptOwner & Pick<JobRow, 'jobId' | 'run'>): void {
      claimStart.run(attempt, runnerId, jobId, run);
    },
    /** To another environment, as long as no runner has begun with it and nothing was paid for this one. There, it waits. */
    move({ jobId, from, to }: { jobId: JobId; from: string; to: string }, spec: string): JobRow | undefined {
      const row = move.get(to, Buffer.byteLength(spec), jobId, from);
      if (row) updateSpec.run(spec, jobId);
      return row && toJob(row);
    },
    /** Nothing of an ended run is left in an engine. Undefined if it has another run by now, or that is known. */
    cleared({ jobId, run }: Pick<JobRow, 'jobId' | 'run'>): JobRow | undefined {
      const row = cleared.get(jobId, run);
      return row && toJob(row);
    },
    /** Jobs that ended before a time, and of which something may be left in an engine: those after a place, so many at most. */
    uncleared: (after: number, endedBefore: number, most: number) =>
      uncleared.all(after, endedBefore, most).map((row) => ({
        id: row['id'] as number,
        jobId: row['job_id'] as JobId,
        run: row['run'] as number,
      })),
    remove(jobId: JobId): void {
      removeJob.run(jobId);
    },
    /** Undefined if the job is no longer in the state that the change was decided on. */
    advance(job: JobRow, change: JobChange): JobRow | undefined {
      const row = advance.get(
        change.state.attempt,
        change.state.code,
        change.dateFinished === null ? null : dateOf(change.dateFinished),
        change.expiresAt === null ? null : dateOf(change.expiresAt),
        change.termination && JSON.stringify(change.termination),
        JSON.stringify(change.results),
        change.resultsDid,
        JSON.stringify(listedOf(change.results)),
        change.results.length,
        Number(change.state.code === STATUS.durationExceeded.code),
        job.jobId,
        job.run,
        job.attempt,
        job.code,
      );
      return row && toJob(row);
    },
  };
}

function originOf({ network = '', isPaid = false }: Origin, spec: string) {
  return [network, Number(isPaid), Buffer.byteLength(spec)] as const;
}

function present(row: Row | undefined): Row {
  if (!row) throw new Error('the store returned no row for an insert');
  return row;
}
