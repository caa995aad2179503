/** A job whose start command NATS will never take: it was accepted before the limit was known, or the limit was lowered since. */
import type { JobId } from '@capstan/shared/contract/ids';
import { jobEvent } from '@capstan/shared/contract/messages';
import { isEnding, STATUS } from '@capstan/shared/contract/status';
import type { Transaction } from '../store/commit.ts';
import type { Store } from '../store/store.ts';
import { recordEvent } from '../events/record-event.ts';

interface TooLarge {
  readonly jobId: JobId;
  readonly run: number;
  /** Unix milliseconds. */
  readonly at: number;
}

const REASON =
  'The job with its asset descriptions is more than this node can hand to a runner (max_payload of its NATS). Publish the algorithm as an asset instead of sending its code, or ask the operator for a larger limit.';

export function failTooLarge(store: Store, transaction: Transaction, { jobId, run, at }: TooLarge): void {
  const job = store.jobs.find(jobId);
  if (!job || job.run !== run || isEnding(job.code)) return;
  const termination = { exitCode: null, signal: null, OOMKilled: false, reason: REASON };
  const { code } = STATUS.containerFailed;
  recordEvent(
    store,
    transaction,
    jobEvent({ jobId, run, attempt: job.attempt, code, at, details: { termination, results: [] } }),
  );
}
