/** Who waits and who was sent: the jobs table as dispatch and sweep look at it. */
import type { Address, EnvironmentId, JobId } from '@capstan/shared/contract/ids';
import type { Db } from './db.ts';
import type { JobRow } from './job-row.ts';

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

export type Queue = ReturnType<typeof createQueue>;

export function createQueue(db: Db) {
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

  return {
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
    countAhead: (job: Pick<JobRow, 'environment' | 'accepted'>) =>
      countAhead.get(job.environment, job.accepted)?.['n'] as number,
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
