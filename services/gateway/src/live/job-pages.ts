/** Further jobs of a subscription, page by page, each at a place in the order of all events. */
import type { ServerFrame } from '@capstan/shared/contract/socket';
import type { Live } from './event-source.ts';
import type { ProgressBoard } from '../events/progress.ts';
import type { Selection } from '../status/selection.ts';
import type { SnapshotAsked, Snapshots } from '../status/snapshot.ts';
import type { TakeSlice } from './time-slices.ts';

export interface Followed {
  readonly selection: Selection;
  readonly detail?: 'row' | undefined;
}

type Page = Pick<Extract<ServerFrame, { type: 'page' }>, 'cursor' | 'jobs' | 'next' | 'progress'>;

export type JobPages = (followed: Followed, asked: Omit<SnapshotAsked, 'detail'>) => Promise<Page>;

interface JobPagesOptions {
  readonly live: Pick<Live, 'lastCursor'>;
  readonly snapshots: Pick<Snapshots, 'take'>;
  readonly latestProgress: ProgressBoard['latest'];
  readonly takeSlice: TakeSlice;
}

export function createJobPages({ live, snapshots, latestProgress, takeSlice }: JobPagesOptions): JobPages {
  return ({ selection, detail }, asked) =>
    takeSlice(() => {
      const { jobs, next } = snapshots.take(selection, { ...asked, detail });
      const progress = jobs.flatMap(({ jobId }) => latestProgress(jobId) ?? []);
      return { cursor: live.lastCursor(), jobs, progress, ...(next === undefined ? {} : { next }) };
    });
}
