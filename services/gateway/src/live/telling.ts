/** What clients are told of jobs, put together: lists, snapshots with what follows them, and further pages of those. */
import type { Clock } from '@capstan/shared/runtime/clock';
import type { Live } from './event-source.ts';
import type { ProgressBoard } from '../events/progress.ts';
import { createListStatuses } from '../status/list.ts';
import type { WhatIsTrue } from '../status/still-true.ts';
import { createSnapshots, type SnapshotOptions } from '../status/snapshot.ts';
import { createFollow } from './follow.ts';
import type { Hub } from './hub.ts';
import { createJobPages } from './job-pages.ts';
import { createTimeSlices } from './time-slices.ts';

/** Histories and snapshots leave others at least as much time as they take. */
const TURN_MS = 5;

interface TellingOptions extends SnapshotOptions {
  readonly live: Live;
  readonly hub: Hub;
  readonly whatIsTrue: WhatIsTrue;
  readonly latestProgress: ProgressBoard['latest'];
  readonly clock: Pick<Clock, 'monotonicMs'>;
}

export function createTelling({ live, hub, whatIsTrue, latestProgress, clock, ...view }: TellingOptions) {
  const takeSlice = createTimeSlices({ budgetMs: TURN_MS, nowMs: () => clock.monotonicMs() });
  const parts = { live, hub, latestProgress, takeSlice, snapshots: createSnapshots(view) };
  return {
    list: createListStatuses({ ...view, whatIsTrue, takeSlice }),
    follow: createFollow(parts),
    pages: createJobPages(parts),
    snapshots: parts.snapshots,
  };
}
