/**
 * Deletions that were asked for and are still to be completed. One that fails, or takes long, because the store of results is away,
 * holds up no other work: a few are tried at a time, and each comes back later and later.
 */
import type { Clock } from '@capstan/shared/runtime/clock';
import type { JobId } from '@capstan/shared/contract/ids';
import { messageOf } from '@capstan/shared/contract/errors';
import type { Log } from '@capstan/shared/runtime/log';
import type { JobRow } from '../store/job-row.ts';

interface DeletionsOptions {
  readonly finish: (job: JobRow) => Promise<unknown>;
  readonly clock: Pick<Clock, 'monotonicMs'>;
  readonly log: Log;
}

export interface Deletions {
  /** Tries it, unless it is being tried, or failed a short while ago. Whoever sees the job again tries again. */
  attempt(job: JobRow): void;
  /** How many could not be completed so far. */
  waiting(): number;
  /** Resolves when none is being tried. */
  idle(): Promise<void>;
}

const AT_ONCE = 4;
const FIRST_DELAY_MS = 15_000;
const LONGEST_DELAY_MS = 600_000;

interface Failure {
  readonly times: number;
  readonly notBeforeMs: number;
}

export function createDeletions({ finish, clock, log }: DeletionsOptions): Deletions {
  const underway = new Map<JobId, Promise<void>>();
  const failures = new Map<JobId, Failure>();

  const complete = async (job: JobRow) => {
    const { jobId } = job;
    try {
      await finish(job);
      failures.delete(jobId);
    } catch (error) {
      const times = (failures.get(jobId)?.times ?? 0) + 1;
      const delayMs = Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** (times - 1));
      failures.set(jobId, { times, notBeforeMs: clock.monotonicMs() + delayMs });
      log.warn({ jobId, times, problem: messageOf(error) }, 'a deletion has to wait');
    } finally {
      underway.delete(jobId);
    }
  };

  return {
    attempt(job) {
      const { jobId } = job;
      if (underway.has(jobId) || underway.size >= AT_ONCE) return;
      if ((failures.get(jobId)?.notBeforeMs ?? 0) > clock.monotonicMs()) return;
      underway.set(jobId, complete(job));
    },
    waiting: () => failures.size,
    async idle() {
      await Promise.all(underway.values());
    },
  };
}
