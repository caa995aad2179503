/** What live status is made of: committed events as they happen, in stored order, and the same again from a cursor on. */
import type { StatusObject } from '@capstan/shared/contract/api';
import type { JobId } from '@capstan/shared/contract/ids';
import type { JobRow } from '../store/job-row.ts';
import type { Resumable } from '../store/cursors.ts';
import type { EventPage, PastEvent } from '../store/events.ts';
import { fits } from '../store/statuses.ts';
import type { StatusRow } from '../store/status-row.ts';
import type { Store } from '../store/store.ts';
import type { Selection } from '../status/selection.ts';

type Happened = PastEvent['event'];

export interface LiveEvent {
  /** Place in the order of all events of the node. */
  readonly cursor: number;
  readonly event: Happened;
  /** Whom and what it concerns. */
  readonly job: Pick<JobRow, 'jobId' | 'owner' | 'environment' | 'documentId' | 'agreementId'>;
  /** The job as the event left it. */
  status(): StatusObject;
}

export interface Live {
  /** The cursor of the last event stored. Events after it are still to come to whoever listens from this turn on. */
  lastCursor(): number;
  /** Whether every event after the cursor can still be told. */
  resumable(cursor: number): Resumable;
  /** Events after a cursor, about `limit` at most. At the end of them, all that follow come to whoever listens from this turn on. */
  after(selection: Selection, cursor: number, limit: number): EventPage;
  /** A job as it stands; of one that was deleted, what is left of it. */
  status(jobId: JobId): StatusObject;
  onEvents(listener: (events: readonly LiveEvent[]) => void): () => void;
}

export function createLive(store: Store, show: (job: StatusRow) => StatusObject): Live {
  return {
    lastCursor: store.cursors.last,
    resumable: store.cursors.resumable,
    after: store.events.after,
    status(jobId) {
      const [row] = store.statuses.select({ jobId }, 1);
      return show(row ?? removed(jobId, store));
    },
    onEvents: (listener) =>
      store.onCommitted((events) =>
        listener(events.map(({ cursor, event, job }) => ({ cursor, event, job, status: () => show(job) }))),
      ),
  };
}

/** Whether an event is of a job that is selected. */
export function isSelected(selection: Selection, { job }: Pick<LiveEvent, 'job'>): boolean {
  return fits(job, selection);
}

/** Of a deleted job nothing is kept but its id, whose it was, and when it went. */
function removed(jobId: JobId, store: Store): StatusRow {
  const tombstone = store.tombstones.find(jobId);
  const deletedAt = tombstone?.deletedAt ?? 0;
  return {
    jobId,
    accepted: 0,
    owner: tombstone?.owner ?? ('' as StatusRow['owner']),
    ownerShown: tombstone?.owner ?? '',
    environment: '' as StatusRow['environment'],
    documentId: '',
    agreementId: '',
    algoDid: '',
    inputDids: [],
    dateCreated: deletedAt,
    dateFinished: deletedAt,
    dispatchedAt: null,
    code: 8,
    stopreq: 0,
    removed: 1,
    expiresAt: null,
    termination: null,
    results: [],
    resultsDid: '',
    run: 0,
  };
}
