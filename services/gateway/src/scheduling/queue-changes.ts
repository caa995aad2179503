/**
 * Tells when the place or the reason of a waiting job changes: after jobs moved on, and when runners come, pause or go on. Looked at only
 * for jobs that somebody listens to, and of each environment for the first hundred: those behind hear of it when they come nearer.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { JobId } from '@capstan/shared/contract/ids';
import type { Log } from '@capstan/shared/runtime/log';
import type { Service } from '@capstan/shared/runtime/service';
import { createWake } from '@capstan/shared/runtime/wake';
import type { JobRow } from '../store/job-row.ts';
import type { Store } from '../store/store.ts';
import type { QueueView } from './queue-reason.ts';
import type { Runners } from './runners.ts';

export interface QueueChange {
  readonly jobId: JobId;
  readonly position: number;
  readonly reason: string;
}

interface QueueChangesOptions {
  readonly store: Store;
  readonly runners: Pick<Runners, 'environments' | 'onAnnounced'>;
  readonly queue: () => QueueView;
  readonly listeners: {
    isListenedTo(job: JobRow): boolean;
    onQueueChange(change: QueueChange, job: JobRow): void;
  };
  readonly log: Log;
}

const FIRST = 100;
/** A hundred jobs that move on at once are one change. */
const REST_MS = 100;

export function createQueueChanges(options: QueueChangesOptions): Service {
  const { store, runners, queue, listeners, log } = options;
  let told = new Map<JobId, string>();
  const stopping = new AbortController();
  const { signal } = stopping;

  const look = () => {
    const still = new Map<JobId, string>();
    const queueOf = queue();
    for (const { environment } of runners.environments()) {
      for (const job of store.queue.firstWaiting(environment.id, FIRST)) {
        if (!listeners.isListenedTo(job)) continue;
        const { position, reason } = queueOf(job);
        const text = `${position} ${reason}`;
        still.set(job.jobId, text);
        if (told.get(job.jobId) !== text) listeners.onQueueChange({ jobId: job.jobId, position, reason }, job);
      }
    }
    told = still;
  };

  const wake = createWake(
    async () => {
      if (signal.aborted) return;
      look();
      await delay(REST_MS, undefined, { signal }).catch(() => undefined);
    },
    (error) => log.error({ err: error }, 'changes of the queue could not be told'),
  );

  return {
    name: 'queue changes',
    start() {
      const forgets = [store.onCommitted(() => wake.wake()), runners.onAnnounced(() => wake.wake())];
      for (const forget of forgets) signal.addEventListener('abort', forget, { once: true });
      return Promise.resolve();
    },
    async stop() {
      stopping.abort();
      await wake.idle();
    },
  };
}
