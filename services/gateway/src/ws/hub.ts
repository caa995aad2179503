/** Who listens to what. Every committed event goes to its listeners in stored order; it is turned into text once, however many listen. */
import type { StatusObject } from '@capstan/shared/contract/api';
import { statusText } from '@capstan/shared/contract/status';
import type { Service } from '@capstan/shared/service';
import type { JobFilter, JobRow } from '../store/jobs.ts';
import type { StoredEvent } from '../store/events.ts';
import type { Store } from '../store/store.ts';
import { frameText } from './protocol.ts';

export interface Listener {
  readonly filter: JobFilter;
  /** An event frame, ready to send. */
  readonly send: (text: string) => void;
}

export interface Hub extends Service {
  listen(listener: Listener): () => void;
}

interface HubOptions {
  readonly store: Store;
  readonly show: (job: JobRow) => StatusObject;
}

export function createHub({ store, show }: HubOptions): Hub {
  /** By the job or the owner that the listener asked for, so that an event only meets those it may concern. */
  const byKey = new Map<string, Set<Listener>>();
  let forget: (() => void) | undefined;

  const tell = ({ cursor, event, job }: StoredEvent) => {
    let text: string | undefined;
    for (const key of [job.jobId, job.owner]) {
      for (const listener of byKey.get(key) ?? []) {
        if (!matches(listener.filter, job)) continue;
        text ??= frameText({
          type: 'event',
          cursor,
          jobId: job.jobId,
          run: event.run,
          attempt: event.attempt,
          status: event.code,
          statusText: statusText(event.code),
          at: event.at / 1000,
          job: show(job),
        });
        listener.send(text);
      }
    }
  };

  return {
    name: 'hub',
    start() {
      forget = store.onCommitted((events) => events.forEach(tell));
      return Promise.resolve();
    },
    stop() {
      forget?.();
      return Promise.resolve();
    },
    listen(listener) {
      const key = keyOf(listener.filter);
      const same = byKey.get(key) ?? new Set();
      byKey.set(key, same.add(listener));
      return () => {
        same.delete(listener);
        if (same.size === 0) byKey.delete(key);
      };
    },
  };
}

function keyOf({ jobId, owner }: JobFilter): string {
  return jobId ?? owner ?? '';
}

function matches({ jobId, owner }: JobFilter, job: JobRow): boolean {
  return (jobId === undefined || jobId === job.jobId) && (owner === undefined || owner === job.owner);
}
