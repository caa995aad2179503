/**
 * What an owner wants of a job, stopped or deleted, and how it comes about: a job that nobody has begun ends at once; for one that
 * runs, the wish is stored, and told to the runners until the job has ended.
 */
import type { Bus } from '@capstan/shared/bus/connect';
import { putDesired } from '@capstan/shared/bus/desired';
import type { Clock } from '@capstan/shared/clock';
import { jobEvent } from '@capstan/shared/contract/messages';
import { isEnding } from '@capstan/shared/contract/status';
import { messageOf } from '@capstan/shared/errors';
import type { Log } from '@capstan/shared/log';
import type { Transaction } from '../store/commit.ts';
import type { JobRow, Want } from '../store/job-row.ts';
import type { Store } from '../store/store.ts';
import { recordEvent } from './record-event.ts';

type Wanted = Exclude<Want, 'run'>;

const ENDING = { stopped: 7, deleted: 8 } as const satisfies Record<Wanted, number>;
const REASON = {
  stopped: 'It was stopped before a runner began with it.',
  deleted: 'It was deleted before a runner began with it.',
} as const satisfies Record<Wanted, string>;

/** Inside a transaction. The events of a runner that begins at this moment come too late, and it hears that the job has ended. */
export function demand(
  store: Store,
  transaction: Transaction,
  { job, want, at }: { job: Pick<JobRow, 'jobId'>; want: Wanted; at: number },
): void {
  const wanted = store.jobs.want(job.jobId, want);
  if (!wanted || wanted.code !== 1) return;
  const termination = { exitCode: null, signal: null, OOMKilled: false, reason: REASON[want] };
  const { jobId, run, attempt } = wanted;
  recordEvent(store, transaction, jobEvent({ jobId, run, attempt, code: ENDING[want], at, details: { termination } }));
}

export interface TellOptions {
  readonly bus: Bus;
  readonly log: Log;
  readonly clock: Clock;
}

/** Tells the runners, if there is anything left to do for them. What does not reach them now, the sweep says again. */
export async function tellRunners({ bus, log }: TellOptions, { jobId, run, code, want }: JobRow): Promise<void> {
  if (want === 'run' || isEnding(code)) return;
  try {
    await putDesired(bus, jobId, { run, want });
  } catch (error) {
    log.warn({ jobId, run, want, problem: messageOf(error) }, 'the wish for an end of the job has to wait for NATS');
  }
}
