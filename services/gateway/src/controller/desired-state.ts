/**
 * What an owner wants of a job, stopped or deleted, and how it comes about: a job that nobody has begun ends at once, as does one whose
 * runner is not here; for one that runs, the wish is stored, and told to the runners until the job has ended.
 */
import type { Bus } from '@capstan/shared/bus/connect';
import { putDesired } from '@capstan/shared/bus/desired';
import type { Clock } from '@capstan/shared/runtime/clock';
import type { Address, JobId } from '@capstan/shared/contract/ids';
import { jobEvent } from '@capstan/shared/contract/messages';
import { isEnding } from '@capstan/shared/contract/status';
import { messageOf } from '@capstan/shared/contract/errors';
import type { Log } from '@capstan/shared/runtime/log';
import type { Transaction } from '../store/commit.ts';
import type { JobRow, Want } from '../store/job-row.ts';
import type { Store } from '../store/store.ts';
import { endedWithout, type LeftElsewhere } from './left-elsewhere.ts';
import { recordEvent } from '../events/record-event.ts';

type Wanted = Exclude<Want, 'run'>;

const ENDING = { stopped: 7, deleted: 8 } as const satisfies Record<Wanted, number>;
const REASON = {
  stopped: 'It was stopped before a runner began with it.',
  deleted: 'It was deleted before a runner began with it.',
} as const satisfies Record<Wanted, string>;

interface Demand {
  readonly job: Pick<JobRow, 'jobId'>;
  readonly want: Wanted;
  readonly at: number;
  /** Who wants it, if it is not the owner. */
  readonly operator?: Address | null;
  readonly leftElsewhere: LeftElsewhere;
}

/** Inside a transaction. The events of a runner that begins at this moment come too late, and it hears that the job has ended. */
export function demand(
  store: Store,
  transaction: Transaction,
  { job, want, at, operator = null, leftElsewhere }: Demand,
): void {
  const wanted = store.jobs.want(job.jobId, want, operator);
  if (wanted) endIfWaiting(store, transaction, { job: wanted, at, leftElsewhere });
}

interface Unwanted extends Pick<Demand, 'at' | 'leftElsewhere'> {
  readonly job: JobRow;
}

/** Ends a job that is not wanted any more and that nobody has begun, or nobody who is here; any other is for its runner to end. */
export function endIfWaiting(store: Store, transaction: Transaction, { job, at, leftElsewhere }: Unwanted): void {
  const { jobId, run, attempt, code, want } = job;
  if (want === 'run' || isEnding(code)) return;
  const runnerId = leftElsewhere(job);
  if (code !== 1 && runnerId === undefined) return;
  const reason = runnerId === undefined ? REASON[want] : endedWithout(want, runnerId);
  const termination = { exitCode: null, signal: null, OOMKilled: false, reason };
  recordEvent(store, transaction, jobEvent({ jobId, run, attempt, code: ENDING[want], at, details: { termination } }));
}

/** Most jobs that end in one transaction: others want their turn, too. */
const MOST_AT_ONCE = 20;

interface DemandAll extends Omit<Demand, 'job'> {
  readonly jobs: readonly Pick<JobRow, 'jobId'>[];
}

/**
 * Inside a transaction: the wish for all of them. Few end with it; of many, the ends are still to come, by `endAll` or, if the node dies
 * before, by the sweep.
 */
export function demandAll(store: Store, transaction: Transaction, { jobs, ...rest }: DemandAll): void {
  for (const job of jobs) {
    if (jobs.length <= MOST_AT_ONCE) demand(store, transaction, { job, ...rest });
    else store.jobs.want(job.jobId, rest.want, rest.operator ?? null);
  }
}

/** After `demandAll` was committed: ends what waits, in slices. */
export async function endAll(
  store: Store,
  jobIds: readonly JobId[],
  { clock, leftElsewhere }: Pick<TellOptions, 'clock' | 'leftElsewhere'>,
): Promise<void> {
  if (jobIds.length <= MOST_AT_ONCE) return;
  for (let from = 0; from < jobIds.length; from += MOST_AT_ONCE) {
    const slice = jobIds.slice(from, from + MOST_AT_ONCE);
    await store.write((transaction) => {
      for (const jobId of slice) {
        const job = store.jobs.find(jobId);
        if (job) endIfWaiting(store, transaction, { job, at: clock.now(), leftElsewhere });
      }
    });
  }
}

export interface TellOptions {
  readonly bus: Bus;
  readonly log: Log;
  readonly clock: Clock;
  readonly leftElsewhere: LeftElsewhere;
}

/** Tells the runners, if there is anything left to do for them. What does not reach them now, the sweep says again. */
export async function tellRunners(
  { bus, log }: Pick<TellOptions, 'bus' | 'log'>,
  { jobId, run, code, want }: JobRow,
): Promise<void> {
  if (want === 'run' || isEnding(code)) return;
  try {
    await putDesired(bus, jobId, { run, want });
  } catch (error) {
    log.warn({ jobId, run, want, problem: messageOf(error) }, 'the wish for an end of the job has to wait for NATS');
  }
}
