/** Completes a deletion: results and rows of a job that has ended go, and a tombstone keeps its id. */
import type { JobId } from '@capstan/shared/contract/ids';
import { jobEvent } from '@capstan/shared/contract/messages';
import type { Clock } from '@capstan/shared/runtime/clock';
import type { Log } from '@capstan/shared/runtime/log';
import type { JobRow } from '../store/job-row.ts';
import type { StatusRow } from '../store/status-row.ts';
import type { Store } from '../store/store.ts';

interface FinishDeletionOptions {
  readonly store: Store;
  /** Where results are kept. Rejects with RESULTS_UNAVAILABLE. */
  readonly results: { remove(jobId: JobId): Promise<void> };
  /** Where they are published as assets. */
  readonly resultAssets: { remove(job: Pick<JobRow, 'jobId' | 'run'>): Promise<void> };
  readonly clock: Pick<Clock, 'now'>;
  readonly log: Log;
}

/** Resolves to the job as it was removed. Rejects with RESULTS_UNAVAILABLE: then all of it may be tried again. */
export type FinishDeletion = (job: JobRow) => Promise<JobRow>;

export function createFinishDeletion(options: FinishDeletionOptions): FinishDeletion {
  const { store, results, resultAssets, clock, log } = options;

  const complete = async (job: JobRow): Promise<JobRow> => {
    // Rows last: as long as there are rows, a node that dies here knows what is left to do.
    await results.remove(job.jobId);
    await resultAssets.remove(job);
    const at = clock.now();
    const removed = asRemoved(job, at);
    await store.write((transaction) => {
      store.events.removeOf(job.jobId);
      store.pastRuns.removeOf(job.jobId);
      store.jobs.remove(job.jobId);
      store.tombstones.add({ jobId: job.jobId, run: job.run, owner: job.owner, deletedAt: at });
      if (store.events.has(job.jobId, 8)) return;
      const event = jobEvent({ jobId: job.jobId, run: job.run, attempt: job.attempt, code: 8, at });
      transaction.announce({ cursor: store.events.append(event, removed), event, job: removed });
    });
    log.info({ jobId: job.jobId, run: job.run }, 'job deleted');
    return removed;
  };

  /** Who asked and the controller may come at the same time: it is done once. */
  const underway = new Map<JobId, Promise<JobRow>>();
  return (job) => {
    const begun = underway.get(job.jobId) ?? complete(job).finally(() => underway.delete(job.jobId));
    underway.set(job.jobId, begun);
    return begun;
  };
}

/** How a job is shown that is no more. */
export function asRemoved<Row extends StatusRow>(job: Row, at: number): Row {
  return {
    ...job,
    code: 8,
    dateFinished: job.dateFinished ?? at,
    removed: 1,
    results: [],
    resultsDid: '',
    expiresAt: null,
  };
}
