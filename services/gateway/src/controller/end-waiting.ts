/** A job that is not wanted any more, and that nobody is there to end: none has begun it, or who did is not here. It ends at once. */
import { jobEvent } from '@capstan/shared/contract/messages';
import { isEnding } from '@capstan/shared/contract/status';
import { recordEvent } from '../events/record-event.ts';
import type { Transaction } from '../store/commit.ts';
import type { JobRow, Want } from '../store/job-row.ts';
import type { Store } from '../store/store.ts';
import { endedWithout, type LeftElsewhere } from './left-elsewhere.ts';

type Wanted = Exclude<Want, 'run'>;

const ENDING = { stopped: 7, deleted: 8 } as const satisfies Record<Wanted, number>;
const REASON = {
  stopped: 'It was stopped before a runner began with it.',
  deleted: 'It was deleted before a runner began with it.',
} as const satisfies Record<Wanted, string>;

interface Unwanted {
  readonly job: JobRow;
  readonly at: number;
  readonly leftElsewhere: LeftElsewhere;
}

/** Inside a transaction. The events of a runner that begins at this moment come too late, and it hears that the job has ended. */
export function endIfWaiting(store: Store, transaction: Transaction, { job, at, leftElsewhere }: Unwanted): void {
  const { jobId, run, attempt, code, want } = job;
  if (want === 'run' || isEnding(code)) return;
  const runnerId = leftElsewhere(job);
  if (code !== 1 && runnerId === undefined) return;
  const reason = runnerId === undefined ? REASON[want] : endedWithout(want, runnerId);
  const termination = { exitCode: null, signal: null, OOMKilled: false, reason };
  recordEvent(store, transaction, jobEvent({ jobId, run, attempt, code: ENDING[want], at, details: { termination } }));
}
