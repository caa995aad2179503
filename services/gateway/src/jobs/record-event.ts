/** One event into a transaction: the job moves as the lifecycle allows, and the event takes its place in the order of all events. */
import type { JobEvent } from '@capstan/shared/contract/messages';
import { apply, type IgnoredReason } from '@capstan/shared/contract/lifecycle';
import { isEnding } from '@capstan/shared/contract/status';
import type { Transaction } from '../store/commit.ts';
import type { Store } from '../store/store.ts';

export type Ignored = IgnoredReason | 'no-such-job';

/** Undefined if the event changed the job; else why it did not. Both are the end of it: the message may be acknowledged. */
export function recordEvent(store: Store, transaction: Transaction, told: JobEvent): Ignored | undefined {
  const job = store.jobs.find(told.jobId);
  if (!job) return 'no-such-job';
  const verdict = apply(job, told);
  if (verdict.kind === 'ignored') return verdict.reason;
  const event = { ...told, code: verdict.state.code };
  const { termination, results, expiresAt, resultsDid } = event.details;
  const changed = store.jobs.advance(job, {
    state: verdict.state,
    dateFinished: isEnding(event.code) ? event.at : null,
    expiresAt: expiresAt ?? job.expiresAt,
    termination: termination ?? job.termination,
    results: results ?? job.results,
    resultsDid: resultsDid ?? job.resultsDid,
  });
  // Reads and writes of one transaction see the same row; anything else is a mistake of ours, and undoes it.
  if (!changed) throw new Error(`job ${event.jobId} changed within a transaction`);
  transaction.announce({ cursor: store.events.append(event, changed), event, job: changed });
  return undefined;
}
