/**
 * Jobs that a backup brought along as they stood, with a runner that is not here. It may still be at them where the backup was made, so
 * nobody begins them anew for a day; but nobody here can end what it does either, and waiting for it to would be in vain.
 */
import type { StatusObject } from '@capstan/shared/contract/api';
import { isEnding } from '@capstan/shared/contract/status';
import type { StatusRow } from '../store/status-row.ts';
import type { Store } from '../store/store.ts';
import type { Runners } from '../scheduling/runners.ts';

/** The runner that has such a job; undefined of any other. */
export type LeftElsewhere = (job: Brought) => string | undefined;

type Brought = Pick<StatusRow, 'jobId' | 'run' | 'code' | 'dispatchedAt'>;

interface LeftElsewhereOptions {
  readonly store: Store;
  readonly runners: Pick<Runners, 'liveRunners' | 'isAnnounced'>;
}

export function createLeftElsewhere({ store, runners }: LeftElsewhereOptions): LeftElsewhere {
  return (job) => {
    if (job.code === 1 || !isOfCopy(store, job)) return undefined;
    const runnerId = store.jobs.find(job.jobId)?.start?.runnerId;
    const live = runners.liveRunners();
    // Before any runner has come, it may be the one.
    if (runnerId === undefined || live.length === 0 || live.includes(runnerId)) return undefined;
    return runners.isAnnounced(job.jobId, job.run) ? undefined : runnerId;
  };
}

/** Whether it was given to the runners before the store was restored, and has not ended. */
export function isOfCopy(
  store: Pick<Store, 'nonces'>,
  { code, dispatchedAt }: Omit<Brought, 'jobId' | 'run'>,
): boolean {
  const { restoredAt } = store.nonces;
  return restoredAt !== undefined && dispatchedAt !== null && dispatchedAt <= restoredAt && !isEnding(code);
}

export const waitsForRunner = (runnerId: string): NonNullable<StatusObject['queue']> => ({
  position: 0,
  reason: `This node was restored from a backup, and the runner that had this job then (${runnerId}) is not here. In case that is still at it, the job is begun anew a day after the restore. Who does not want to wait can stop it, which works at once.`,
});

export const endedWithout = (want: 'stopped' | 'deleted', runnerId: string): string =>
  `It was ${want}. The runner that had it (${runnerId}) is not here: this node was restored from a backup, made while the job ran. What it had computed by then is not here either.`;
