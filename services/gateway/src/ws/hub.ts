/** Who listens to what. Every committed event goes to its listeners in stored order; it is turned into text once, however many listen. */
import { DEFAULT_SUBSCRIPTION } from '@capstan/shared/contract/socket';
import { statusText } from '@capstan/shared/contract/status';
import type { Service } from '@capstan/shared/service';
import type { Live, LiveEvent } from '../jobs/live.ts';
import type { Selection } from '../jobs/query.ts';
import { frameText } from './protocol.ts';

export interface Listener {
  readonly selection: Selection;
  /** An event frame, ready to send. */
  readonly send: (text: string) => void;
}

export interface Hub extends Service {
  listen(listener: Listener): () => void;
}

export function createHub(live: Live): Hub {
  /** By the job or the owner that the listener asked for, so that an event only meets those it may concern. */
  const byKey = new Map<string, Set<Listener>>();
  let forget: (() => void) | undefined;

  const tell = (happened: LiveEvent) => {
    let text: string | undefined;
    for (const key of [happened.event.jobId, happened.owner]) {
      for (const listener of byKey.get(key) ?? []) {
        if (matches(listener.selection, happened)) listener.send((text ??= eventText(happened)));
      }
    }
  };

  return {
    name: 'hub',
    start() {
      forget = live.onEvents((events) => events.forEach(tell));
      return Promise.resolve();
    },
    stop() {
      forget?.();
      return Promise.resolve();
    },
    listen(listener) {
      const key = keyOf(listener.selection);
      const same = byKey.get(key) ?? new Set();
      byKey.set(key, same.add(listener));
      return () => {
        if (same.delete(listener) && same.size === 0) byKey.delete(key);
      };
    },
  };
}

function eventText({ cursor, event, status }: LiveEvent): string {
  return frameText({
    type: 'event',
    subscription: DEFAULT_SUBSCRIPTION,
    cursor,
    jobId: event.jobId,
    run: event.run,
    attempt: event.attempt,
    status: event.code,
    statusText: statusText(event.code),
    at: event.at / 1000,
    job: status(),
  });
}

function keyOf({ jobId, owner }: Selection): string {
  return jobId ?? owner ?? '';
}

function matches({ jobId, owner }: Selection, happened: LiveEvent): boolean {
  return (jobId === undefined || jobId === happened.event.jobId) && (owner === undefined || owner === happened.owner);
}
