/** The sweep: a paged walk over all jobs that anything may be missing of. However many there are, it looks at them in slices. */
import type { JobId } from '@capstan/shared/contract/ids';
import type { Log } from '@capstan/shared/runtime/log';
import type { Upkeep } from '@capstan/shared/runtime/upkeep';
import { createWake } from '@capstan/shared/runtime/wake';
import type { Runners } from '../scheduling/runners.ts';
import type { Store } from '../store/store.ts';
import { GRACE_MS } from './plan.ts';

const EVERY_MS = 15_000;

interface SweepOptions {
  readonly store: Store;
  readonly runners: Pick<Runners, 'announcedJobs'>;
  readonly upkeep: Pick<Upkeep, 'drain'>;
  /** Without NATS, only what is not wanted any more can be brought to its end. */
  readonly isBusUp: () => boolean;
  readonly isAnythingToDo: (jobId: JobId) => boolean;
  readonly add: (jobId: JobId) => void;
  /** `graceMs`: how long something must be over to be missed. */
  readonly onSwept: (graceMs: number) => void;
  readonly log: Log;
}

export interface Sweep {
  start(): void;
  /** Urgently: what is on its way is lost. */
  wake(how?: 'urgently'): void;
  stop(): Promise<void>;
}

type Place = { readonly jobId: JobId };

/** One kind of jobs to look at, page after page. */
interface Kind<T extends Place> {
  readonly name: string;
  readonly page: (after: T | undefined, most: number) => readonly T[];
}

export function createSweep(options: SweepOptions): Sweep {
  const { store, runners, upkeep, isBusUp, isAnythingToDo, add, onSwept, log } = options;
  const stopping = new AbortController();
  const { signal } = stopping;
  let timer: NodeJS.Timeout | undefined;
  let isUrgent = false;

  const over = async <T extends Place>({ name, page }: Kind<T>) => {
    let last: T | undefined;
    await upkeep.drain({
      name,
      signal,
      step(most) {
        const rows = page(last, most);
        last = rows.at(-1) ?? last;
        for (const { jobId } of rows) if (isAnythingToDo(jobId)) add(jobId);
        return rows.length;
      },
      around: (slice) => Promise.resolve(slice()),
    });
  };

  const sweep = async () => {
    await over({ name: 'sweep: unwanted jobs', page: store.jobs.unwanted });
    if (!isBusUp()) return;
    const graceMs = isUrgent ? 0 : GRACE_MS;
    isUrgent = false;
    const announced = runners.announcedJobs();
    let seen = 0;
    await over({ name: 'sweep: jobs of runners', page: (_, most) => announced.slice(seen, (seen += most)) });
    await over({ name: 'sweep: jobs sent', page: store.queue.sent });
    if (!signal.aborted) onSwept(graceMs);
  };
  const wake = createWake(sweep, (error) => log.error({ err: error }, 'the sweep failed'));

  return {
    start() {
      timer = setInterval(() => wake.wake(), EVERY_MS);
      wake.wake();
    },
    wake(how) {
      isUrgent ||= how === 'urgently';
      wake.wake();
    },
    async stop() {
      clearInterval(timer);
      stopping.abort();
      await wake.idle();
    },
  };
}
