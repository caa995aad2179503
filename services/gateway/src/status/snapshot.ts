/** How the jobs of a selection stand, in one turn: those that are named, or a page of the others. */
import type { StatusObject } from '@capstan/shared/contract/api';
import type { QueueView } from '../scheduling/queue-reason.ts';
import type { Selection } from './selection.ts';
import type { StatusView } from './status-object.ts';
import { isListFilter } from '../store/statuses.ts';
import type { StatusRow } from '../store/status-row.ts';
import type { Store } from '../store/store.ts';
import type { Tally } from '../store/tallies.ts';
import { createPages, holdsRunning, MAX_PAGE, withRunning, type PageAsked } from './pages.ts';
import { rowOf } from './small.ts';

export interface SnapshotAsked extends Partial<PageAsked> {
  readonly detail?: 'row' | undefined;
}

export interface Snapshot {
  readonly jobs: StatusObject[];
  /** The cursor of the next page, if there is one. */
  readonly next?: number;
}

export interface Snapshots {
  take(selection: Selection, asked: SnapshotAsked): Snapshot;
  /** How many there are in each state; undefined where they would have to be counted one by one. */
  count(selection: Selection): Tally | undefined;
}

export interface SnapshotOptions {
  readonly store: Pick<Store, 'statuses' | 'tallies'>;
  readonly show: (job: StatusRow, dates?: StatusView['dates'], queue?: QueueView) => StatusObject;
  readonly queuePass: () => QueueView;
}

export function createSnapshots({ store, show, queuePass }: SnapshotOptions): Snapshots {
  const { statuses, tallies } = store;
  const pageOf = createPages(store);

  return {
    count: tallies.of,
    take(selection, { limit = MAX_PAGE, detail, ...asked }) {
      const queue = queuePass();
      const shown = (job: StatusRow) => show(job, 'unix', queue);
      // Of those that are named, somebody wants to know all.
      if (!isListFilter(selection)) return { jobs: statuses.select(selection, MAX_PAGE).map(shown) };
      const page = pageOf(selection, { ...asked, limit });
      const isCut = page.next !== undefined && holdsRunning(asked);
      const { keys, next } = isCut ? withRunning(page, statuses.runningKeys(selection, limit), limit) : page;
      const rows = keys.toSorted((a, b) =>
        asked.order === 'oldest' ? a.accepted - b.accepted : b.accepted - a.accepted,
      );
      const jobs = rows.flatMap(({ accepted }) => statuses.listed(accepted) ?? []).map(shown);
      return { jobs: detail === 'row' ? jobs.map(rowOf) : jobs, ...(next === undefined ? {} : { next }) };
    },
  };
}
