/** Who waits and who was sent: the jobs table as dispatch and sweep look at it. */
import type { Address, EnvironmentId, JobId } from '@capstan/shared/contract/ids';
import type { Db } from './db.ts';
import { toJob, type JobRow } from './job-row.ts';

export interface WaitingOwner {
  readonly owner: Address;
  readonly accepted: number;
  readonly jobId: JobId;
  readonly running: number;
  /** When the owner was last given a place here, as a count; 0 for never. */
  readonly served: number;
  readonly network: string;
  readonly isPaid: boolean;
  /** The same of the network that an unpaid job came from; 0 for what was paid, and where it is not known. */
  readonly networkRunning: number;
  readonly networkServed: number;
}

export interface SentJob {
  readonly jobId: JobId;
  readonly run: number;
  readonly environment: EnvironmentId;
  readonly sentAt: number;
  readonly owner: Address;
  /** Of its row. */
  readonly id: number;
}

/** Where a page of them ends. */
export type SentPlace = Pick<SentJob, 'environment' | 'owner' | 'id'>;

const FIRST_SENT: SentPlace = { environment: '' as EnvironmentId, owner: '' as Address, id: 0 };

/** Places in the queue are exact up to here. */
export const MAX_AHEAD = 1_000;

/** The conditions of the partial indexes. */
const WAITS = 'date_finished is null and dispatched_at is null';
const WAS_SENT = 'date_finished is null and dispatched_at is not null';

export type Queue = ReturnType<typeof createQueue>;

export function createQueue(db: Db) {
  const markSent = db.prepare(`
    update jobs set dispatched_at = coalesce(dispatched_at, ?1), sent_at = ?1, sendings = sendings + 1
    where job_id = ?2 and date_finished is null
    returning run, sendings`);
  // From one owner to the next by the index: the cost follows the owners who wait, not their jobs.
  const waiting = db.prepare(`
    with recursive owners (owner) as (
      select min(owner) from jobs where environment = ?1 and ${WAITS}
      union all
      select (select min(owner) from jobs where environment = ?1 and ${WAITS} and owner > owners.owner)
      from owners where owners.owner is not null
    ),
    first (owner, accepted) as (
      select owner, (select min(accepted) from jobs where environment = ?1 and ${WAITS} and owner = owners.owner)
      from owners where owner is not null
    )
    select first.owner, first.accepted, jobs.job_id, jobs.network, jobs.is_paid,
      (select count(*) from jobs r where r.environment = ?1 and r.date_finished is null and r.dispatched_at is not null and r.owner = first.owner) as running,
      coalesce((select served from turns where environment = ?1 and owner = first.owner), 0) as served,
      coalesce((select served from network_turns where environment = ?1 and network = jobs.network and jobs.is_paid = 0), 0) as network_served
    from first join jobs on jobs.accepted = first.accepted`);
  const runningByNetwork = db.prepare(`
    select network, count(*) from jobs indexed by jobs_running
    where environment = ? and ${WAS_SENT} and is_paid = 0 and network <> '' group by network`);
  const firstWaiting = db.prepare(`
    select * from jobs indexed by jobs_queue where environment = ? and ${WAITS} order by accepted limit ?`);
  const waitingAfter = db.prepare(`
    select job_id, accepted, is_paid from jobs indexed by jobs_queue where environment = ? and ${WAITS} and accepted > ? order by accepted limit ?`);
  const sentAfter = db.prepare(`
    select job_id, id, is_paid, code, start_attempt, run from jobs where environment = ? and ${WAS_SENT} and id > ? order by id limit ?`);
  const someWaiting = db.prepare(`select 1 from jobs where environment = ? and ${WAITS} limit 1`);
  const countWaiting = db.prepare(`select count(*) as n from jobs where environment = ? and ${WAITS}`);
  // Bounded: in a queue of a million, nobody needs to know the place exactly, and everybody asks.
  const countAhead = db.prepare(`
    select count(*) as n from (
      select 1 from jobs indexed by jobs_queue where environment = ? and ${WAITS} and accepted < ? limit ${MAX_AHEAD})`);
  const firstPlaces = db.prepare(`
    select accepted from jobs indexed by jobs_queue where environment = ? and ${WAITS} order by accepted limit ${MAX_AHEAD + 1}`);
  // In the order of the index: each page begins where the last one ended, in the middle of an owner's jobs, and costs what it holds.
  const sentWhere = (place: string) => `
    select job_id, run, environment, sent_at, owner, id from jobs indexed by jobs_running
    where ${WAS_SENT} and ${place} order by environment, owner, id limit ?`;
  const sentOfOwner = db.prepare(sentWhere('environment = ? and owner = ? and id > ?'));
  const sentOfOthers = db.prepare(sentWhere('(environment, owner) > (?, ?)'));
  const someSent = db.prepare(`select 1 from jobs where environment = ? and ${WAS_SENT} limit 1`);

  return {
    /** Notes that the start command goes out now; says how often it has, this time included. Undefined if the job has ended. */
    markSent(jobId: JobId, at: number): { readonly run: number; readonly sending: number } | undefined {
      const row = markSent.get(at, jobId);
      return row && { run: row['run'] as number, sending: row['sendings'] as number };
    },
    /** The first waiting job of each owner, how many of theirs run, and when they were last served. */
    waitingOwners(environment: EnvironmentId): readonly WaitingOwner[] {
      const runningOf = new Map(
        runningByNetwork.allValues(environment).map(([network, count]) => [network as string, count as number]),
      );
      return waiting.all(environment).map((row) => ({
        owner: row['owner'] as Address,
        accepted: row['accepted'] as number,
        jobId: row['job_id'] as JobId,
        running: row['running'] as number,
        served: row['served'] as number,
        network: row['network'] as string,
        isPaid: row['is_paid'] === 1,
        networkRunning: row['is_paid'] === 1 ? 0 : (runningOf.get(row['network'] as string) ?? 0),
        networkServed: row['network_served'] as number,
      }));
    },
    /** Those that have waited longest. */
    firstWaiting: (environment: EnvironmentId, limit: number): readonly JobRow[] =>
      firstWaiting.all(environment, limit).map(toJob),
    /** Those accepted after a place, in their order, so many at most. */
    waitingAfter: (environment: string, accepted: number, most: number) =>
      waitingAfter.all(environment, accepted, most).map((row) => ({
        jobId: row['job_id'] as JobId,
        accepted: row['accepted'] as number,
        isPaid: row['is_paid'] === 1,
      })),
    /** Those that were sent to a runner and have not ended, after a place, so many at most. */
    sentAfter: (environment: string, id: number, most: number) =>
      sentAfter.all(environment, id, most).map((row) => ({
        jobId: row['job_id'] as JobId,
        run: row['run'] as number,
        id: row['id'] as number,
        isPaid: row['is_paid'] === 1,
        hasBegun: row['code'] !== 1 || (row['start_attempt'] as number) > 0,
      })),
    hasWaiting: (environment: EnvironmentId) => someWaiting.get(environment) !== undefined,
    countWaiting: (environment: EnvironmentId) => countWaiting.get(environment)?.['n'] as number,
    /** How many came before it and still wait; MAX_AHEAD where there are as many or more. */
    countAhead: (job: Pick<JobRow, 'environment' | 'accepted'>) =>
      countAhead.get(job.environment, job.accepted)?.['n'] as number,
    /** Of the jobs that have waited longest, when they came: for places in the queue of many jobs at once. */
    firstPlaces: (environment: EnvironmentId) =>
      firstPlaces.allValues(environment).map(([accepted]) => accepted as number),
    /** Jobs that were given to the bus and have not ended, those after a place, so many at most. */
    sent({ environment, owner, id }: SentPlace = FIRST_SENT, most = 1_000): readonly SentJob[] {
      const same = sentOfOwner.all(environment, owner, id, most);
      const others = same.length < most ? sentOfOthers.all(environment, owner, most - same.length) : [];
      return [...same, ...others].map((row) => ({
        jobId: row['job_id'] as JobId,
        run: row['run'] as number,
        environment: row['environment'] as EnvironmentId,
        sentAt: row['sent_at'] as number,
        owner: row['owner'] as Address,
        id: row['id'] as number,
      }));
    },
    hasSent: (environment: EnvironmentId) => someSent.get(environment) !== undefined,
  };
}
