/** Who listens to what. Every committed event goes to its listeners in stored order. */
import type { Service } from '@capstan/shared/runtime/service';
import { isSelected, type Live, type LiveEvent } from './event-source.ts';
import type { Selection } from '../status/selection.ts';
import { createBroadcastFrame, type Shared, type BroadcastFrame } from './broadcast-frame.ts';

export interface Listener {
  readonly selection: Selection;
  readonly tell: (frame: BroadcastFrame) => void;
  /** How one of its jobs stands between its events, for who wants to know. */
  readonly hint?: (hint: Shared, kind: HintKind) => void;
}

/** `again`: the next one of its kind makes up for it. `once`: nobody says it again. */
export type HintKind = 'again' | 'once';

export type ListenedJob = LiveEvent['job'];

export interface Hub extends Service {
  /** From this turn on, until the function that it returns is called. */
  listen(listener: Listener): () => void;
  hint(hint: Shared, job: ListenedJob, kind?: HintKind): void;
  /** Whether anybody wants hints of it. */
  isHinted(job: ListenedJob): boolean;
}

export function createHub(live: Live): Hub {
  /** By the narrowest part of what the listener asked for, so that an event only meets those it may concern. */
  const byKey = new Map<string, Set<Listener>>();
  let forget: (() => void) | undefined;

  const tell = (happened: LiveEvent) => {
    const frame = createBroadcastFrame(happened, happened.status);
    for (const listener of listenersOf(happened.job)) listener.tell(frame);
  };

  const listenersOf = function* (job: ListenedJob): Generator<Listener> {
    for (const key of keysOfJob(job)) {
      for (const listener of byKey.get(key) ?? []) {
        if (isSelected(listener.selection, { job })) yield listener;
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
    hint(hint, job, kind = 'again') {
      for (const listener of listenersOf(job)) listener.hint?.(hint, kind);
    },
    isHinted: (job) => listenersOf(job).some((listener) => listener.hint !== undefined),
    listen(listener) {
      const keys = keysOf(listener.selection);
      for (const key of keys) {
        const same = byKey.get(key) ?? new Set();
        byKey.set(key, same.add(listener));
      }
      return () => {
        for (const key of keys) {
          const same = byKey.get(key);
          if (same?.delete(listener) && same.size === 0) byKey.delete(key);
        }
      };
    },
  };
}

/** Each listener stands under one kind of key, so it hears an event once. */
function keysOf({ jobId, jobIds, agreementId, owner, documentId, environment }: Selection): readonly string[] {
  if (jobIds) return [...new Set(jobIds)].map((id) => `job ${id}`);
  if (jobId !== undefined) return [`job ${jobId}`];
  if (agreementId !== undefined) return [`order ${agreementId}`];
  if (owner !== undefined) return [`owner ${owner}`];
  if (documentId !== undefined) return [`document ${documentId}`];
  if (environment !== undefined) return [`environment ${environment}`];
  return ['all'];
}

function keysOfJob(job: ListenedJob): readonly string[] {
  return [
    `job ${job.jobId}`,
    `order ${job.agreementId}`,
    `owner ${job.owner}`,
    `document ${job.documentId}`,
    `environment ${job.environment}`,
    'all',
  ];
}
