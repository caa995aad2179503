/**
 * A subscription, whatever it is sent over: a snapshot or the history from a cursor on, then what happens, every event once and in order.
 * History is read page by page as fast as the client takes it. The page that finds the end of it, and beginning to listen, are one turn,
 * and commits announce themselves in one: nothing falls between the two, and nothing comes twice. A client that reads too slowly for what
 * happens is put back to reading history, where nothing waits in memory for it.
 */
import type { Live } from './event-source.ts';
import type { ProgressBoard } from '../events/progress.ts';
import type { Selection } from '../status/selection.ts';
import type { SnapshotAsked, Snapshots } from '../status/snapshot.ts';
import type { Hub } from './hub.ts';
import { createCounts } from './counts.ts';
import { createBroadcastFrame } from './broadcast-frame.ts';
import type { TakeSlice } from './time-slices.ts';
import type { Outlet } from './outlet.ts';

const PAGE = 100;

export type From = number | 'now' | 'start';

export interface Following {
  readonly subscription: string;
  readonly selection: Selection;
  readonly from: From;
  /** As `row`, frames are small: see `small.ts`. */
  readonly detail?: 'row' | undefined;
  /** What a snapshot holds, where it may not hold all. Events come of all jobs that are selected. */
  readonly page?: Omit<SnapshotAsked, 'detail' | 'cursor'> | undefined;
  /** Whether to tell how many jobs wait, run and have ended, now and when it has changed. */
  readonly counts?: boolean | undefined;
  readonly outlet: Outlet;
  /** Aborted when the subscription ends, or its connection. */
  readonly signal: AbortSignal;
  /** Nothing more can be told, though the history was. */
  readonly onBroken: (error: unknown) => void;
}

/** Resolves when all there was is told, or the subscription has ended; until its signal is aborted, events go on as they happen. */
export type Follow = (following: Following) => Promise<void>;

/** How far a subscription is, and what of a page is read and not told yet. */
interface Place {
  readonly cursor: number;
  readonly read: ReturnType<Live['after']> | undefined;
}

type OnFull = (cursor: number) => void;

interface FollowOptions {
  readonly live: Live;
  readonly hub: Hub;
  readonly snapshots: Snapshots;
  readonly latestProgress: ProgressBoard['latest'];
  readonly takeSlice: TakeSlice;
}

export function createFollow({ live, hub, snapshots, latestProgress, takeSlice }: FollowOptions): Follow {
  /** Returns the cursor to go on from. */
  const begin = ({ subscription, selection, from, detail, page, outlet }: Following): number => {
    if (from === 'start') return 0;
    if (from !== 'now') {
      const resumable = live.resumable(from);
      if (resumable === 'yes') return from;
      outlet.send({ type: 'reset', subscription, reason: resumable });
    }
    const cursor = live.lastCursor();
    const { jobs, next } = snapshots.take(selection, { ...page, detail });
    const progress = jobs.map(({ jobId }) => latestProgress(jobId)).filter((each) => each !== undefined);
    outlet.send({ type: 'snapshot', subscription, cursor, jobs, progress, ...(next === undefined ? {} : { next }) });
    return cursor;
  };

  /** From this turn on, until more happens than the client reads. */
  const listen = (following: Following, from: number, onFull: OnFull) => {
    const { subscription, selection, detail, outlet, signal } = following;
    const counts = following.counts
      ? createCounts({ subscription, outlet, count: () => snapshots.count(selection) })
      : undefined;
    let cursor = from;
    const forget = hub.listen({
      selection,
      tell(frame) {
        if (outlet.isFull()) {
          stop();
          onFull(cursor);
        } else {
          outlet.tell(detail === 'row' ? frame.small : frame, subscription);
          counts?.changed();
          ({ cursor } = frame);
        }
      },
      hint: (hint, kind) => outlet.hint(hint, subscription, kind),
    });
    const stop = () => {
      forget();
      counts?.stop();
      signal.removeEventListener('abort', stop);
    };
    signal.addEventListener('abort', stop, { once: true });
    counts?.tell();
  };

  /** Tells what comes next, as far as the client takes it at once. */
  const goOn = ({ outlet, subscription, selection, detail }: Following, { cursor, read }: Place): Place | 'end' => {
    const page =
      read ??
      (cursor === live.lastCursor()
        ? { events: [], reached: cursor, isEnd: true }
        : live.after(selection, cursor, PAGE));
    const { events } = page;
    for (const [index, past] of events.entries()) {
      const frame = createBroadcastFrame(past, () => live.status(past.event.jobId));
      outlet.tell(detail === 'row' ? frame.small : frame, subscription);
      if (outlet.isBehind())
        return {
          cursor: past.cursor,
          read: index + 1 < events.length ? { ...page, events: events.slice(index + 1) } : undefined,
        };
    }
    // What is left of a page that was read earlier says nothing of what has been stored since.
    if (read === undefined && page.isEnd) return 'end';
    return { cursor: page.reached, read: undefined };
  };

  /** Resolves once it listens, or the subscription has ended. */
  const catchUp = async (following: Following, first: () => Place, onEnd: (cursor: number) => void) => {
    const { outlet, signal, onBroken } = following;
    // Who reads more slowly than things happen gets them from the store: nothing of it waits in memory.
    const onFull = (cursor: number) => {
      catchUp(
        following,
        () => ({ cursor, read: undefined }),
        () => undefined,
      ).catch(onBroken);
    };
    const step = (from: Place): Place | 'end' => {
      const reached = goOn(following, from);
      if (reached !== 'end') return reached;
      const last = live.lastCursor();
      listen(following, last, onFull);
      onEnd(last);
      return reached;
    };
    for (let next = first as () => Place | 'end'; ;) {
      await outlet.ready();
      const reached = await takeSlice(() => (signal.aborted ? 'end' : next()));
      if (reached === 'end') return;
      next = () => step(reached);
    }
  };

  return (following) =>
    catchUp(
      following,
      () => ({ cursor: begin(following), read: undefined }),
      (cursor) => following.outlet.send({ type: 'caughtUp', subscription: following.subscription, cursor }),
    );
}
