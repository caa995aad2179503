/**
 * What is stored of an order counts on after its job has ended, for as long as the results are kept, or a week where there are none. Then it
 * is forgotten. As long as the job waits or runs it counts as that.
 */
import type { JobId } from '@capstan/shared/contract/ids';
import type { JobRow } from '../store/job-row.ts';
import type { Store } from '../store/store.ts';
import { ORDER } from '../store/usage.ts';

const WEEK_MS = 604_800_000;
/** The rows of a job, and what happened to it. */
const BYTES_OF_A_JOB = 4_096;

/** Of a job that has ended just now. */
export function keepOrder(store: Pick<Store, 'usage'>, { jobId, expiresAt, dateFinished }: JobRow): void {
  if (dateFinished === null) return;
  store.usage.keepOrder(jobId, { besideSpecBytes: BYTES_OF_A_JOB, expiresAt: expiresAt ?? dateFinished + WEEK_MS });
}

/** Its next run begins. */
export function forgetOrder(store: Pick<Store, 'usage'>, jobId: JobId): void {
  store.usage.drop(jobId, ORDER);
}
