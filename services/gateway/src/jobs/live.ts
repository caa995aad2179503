/** Committed events as they happen, in stored order, each with the job as it left it. */
import type { StatusObject } from '@capstan/shared/contract/api';
import type { Address } from '@capstan/shared/contract/ids';
import type { JobEvent } from '@capstan/shared/contract/messages';
import type { JobRow } from '../store/job-row.ts';
import type { Store } from '../store/store.ts';

export interface LiveEvent {
  /** Place in the order of all events of the node. */
  readonly cursor: number;
  readonly event: JobEvent;
  readonly owner: Address;
  status(): StatusObject;
}

export interface Live {
  /** The cursor of the last event stored. Events after it are still to come to whoever listens from this turn on. */
  lastCursor(): number;
  onEvents(listener: (events: readonly LiveEvent[]) => void): () => void;
}

export function createLive(store: Store, show: (job: JobRow) => StatusObject): Live {
  return {
    lastCursor: store.events.lastCursor,
    onEvents: (listener) =>
      store.onCommitted((events) =>
        listener(
          events.map(({ cursor, event, job }) => ({ cursor, event, owner: job.owner, status: () => show(job) })),
        ),
      ),
  };
}
