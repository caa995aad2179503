/** Waits until jobs have ended, or for as long as a client may be kept waiting. */
import type { JobId } from '@capstan/shared/contract/ids';
import { isEnding } from '@capstan/shared/contract/status';
import type { Store } from '../store/store.ts';

/** Resolves in any case: whoever asked looks at what has become of the jobs. */
export function awaitEnds(store: Store, jobIds: readonly JobId[], limitMs: number): Promise<void> {
  const open = new Set(jobIds);
  const { promise, resolve } = Promise.withResolvers<undefined>();
  const note = (jobId: JobId) => {
    if (open.delete(jobId) && open.size === 0) resolve(undefined);
  };
  const limit = setTimeout(() => resolve(undefined), limitMs);
  const forget = store.onCommitted((events) => {
    for (const { event } of events) if (isEnding(event.code)) note(event.jobId);
  });
  // Those that ended before we listened, and the case that there is nothing to wait for.
  for (const jobId of jobIds) {
    const job = store.jobs.find(jobId);
    if (!job || isEnding(job.code)) note(jobId);
  }
  if (open.size === 0) resolve(undefined);
  return promise.finally(() => {
    clearTimeout(limit);
    forget();
  });
}
