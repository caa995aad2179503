/** Why a job that has not begun yet waits, in words for its owner. */
import type { StatusObject } from '@capstan/shared/contract/api';
import type { StatusRow } from '../store/statuses.ts';
import type { Store } from '../store/store.ts';
import type { Runners } from './runners.ts';

/** `position` counts from 1 in the order of acceptance, to 1,001 for all beyond; it is 0 once the job has been sent to the runners. */
export function createQueueReason(
  store: Store,
  runners: Runners,
): (job: StatusRow) => NonNullable<StatusObject['queue']> {
  return (job) => {
    const state = runners.environment(job.environment);
    const position = job.dispatchedAt === null ? store.queue.countAhead(job) + 1 : 0;
    if (!state?.isLive) return { position, reason: 'No runner of this environment is connected at the moment.' };
    if (position === 0) return { position, reason: 'Its turn has come; a runner is about to take it.' };
    const { capacity } = state;
    if (store.queue.countDispatched(job.environment) < capacity)
      return { position, reason: 'It is about to be sent to a runner.' };
    const places = capacity === 1 ? 'The one place' : `All ${capacity} places`;
    return { position, reason: `${places} of this environment ${capacity === 1 ? 'is' : 'are'} taken.` };
  };
}
