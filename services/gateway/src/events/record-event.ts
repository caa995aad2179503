/** One event into a transaction: the job moves as the lifecycle allows, and the event takes its place in the order of all events. */
import { clipped } from '@capstan/shared/contract/clipped';
import type { EventDetails, JobEvent } from '@capstan/shared/contract/messages';
import { apply, type IgnoredReason } from '@capstan/shared/contract/lifecycle';
import { isEnding, STATUS } from '@capstan/shared/contract/status';
import { noteForWebhook } from '../notify/note-event.ts';
import { keepOrder } from '../quotas/kept-orders.ts';
import type { Transaction } from '../store/commit.ts';
import type { JobRow } from '../store/job-row.ts';
import type { Store } from '../store/store.ts';

export type Ignored = IgnoredReason | 'no-such-job';

/** Undefined if the event changed the job; else why it did not. Both are the end of it: the message may be acknowledged. */
export function recordEvent(store: Store, transaction: Transaction, told: JobEvent): Ignored | undefined {
  const job = store.jobs.find(told.jobId);
  if (!job) return 'no-such-job';
  const verdict = apply(job, told);
  if (verdict.kind === 'ignored') return verdict.reason;
  const event = { ...told, code: verdict.state.code, details: detailsOf(told.details, job, verdict.state.code) };
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
  if (isEnding(event.code)) {
    keepOrder(store, changed);
    store.usage.keep(event.jobId, event.run, results ?? [], changed.expiresAt);
  }
  transaction.announce({ cursor: store.events.append(event, changed), event, job: changed });
  noteForWebhook(store, event, changed);
  return undefined;
}

function detailsOf(details: EventDetails, { stoppedBy }: JobRow, code: number): EventDetails {
  const { termination } = details;
  // A runner is told that the job is to stop, and not by whom.
  if (code !== STATUS.stopped.code || stoppedBy === null || !termination) return bounded(details);
  return { ...details, termination: { ...termination, reason: 'The job was stopped by an operator of the node.' } };
}

/** A reason may repeat what a job named, and comes back in every status of it. */
function bounded(details: EventDetails): EventDetails {
  const { termination } = details;
  return termination ? { ...details, termination: { ...termination, reason: clipped(termination.reason) } } : details;
}
