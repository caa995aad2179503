/**
 * A subscription, whatever it is sent over: a snapshot or the history from a cursor on, then what happens, every event once and in order.
 * History is read page by page as fast as the client takes it. The page that finds the end of it, and beginning to listen, are one turn,
 * and commits announce themselves in one: nothing falls between the two, and nothing comes twice.
 */
import type { ServerFrame } from '@capstan/shared/contract/socket';
import type { Live } from '../jobs/live.ts';
import type { ProgressBoard } from '../jobs/progress.ts';
import type { Query, Selection } from '../jobs/query.ts';
import type { Hub } from './hub.ts';
import { createTold, type Shared, type Told } from './told.ts';
import type { TakeTurn } from './turns.ts';

const PAGE = 100;

export type From = number | 'now' | 'start';

/** The connection of a client, as subscriptions use it. */
export interface Outlet {
  send(frame: ServerFrame): void;
  /** An event's frame; what the client is slow to read is bounded by the outlet. */
  tell(told: Told, subscription: string): void;
  /** A frame that the next one of its kind makes up for: left out while the client is behind. */
  hint(hint: Shared, subscription: string): void;
  /** Resolves when the client has read most of what it was sent, and when the connection is gone. */
  ready(): Promise<void>;
}

export interface Following {
  readonly subscription: string;
  readonly selection: Selection;
  readonly from: From;
  readonly outlet: Outlet;
  /** Aborted when the subscription ends, or its connection. */
  readonly signal: AbortSignal;
}

/** Resolves when all there was is told, or the subscription has ended; until its signal is aborted, events go on as they happen. */
export type Follow = (following: Following) => Promise<void>;

interface FollowOptions {
  readonly live: Live;
  readonly hub: Hub;
  readonly query: Pick<Query, 'statuses'>;
  readonly latestProgress: ProgressBoard['latest'];
  readonly takeTurn: TakeTurn;
}

export function createFollow({ live, hub, query, latestProgress, takeTurn }: FollowOptions): Follow {
  /** Returns the cursor to go on from. */
  const begin = ({ subscription, selection, from, outlet }: Following): number => {
    if (from === 'start') return 0;
    if (from !== 'now') {
      const resumable = live.resumable(from);
      if (resumable === 'yes') return from;
      outlet.send({ type: 'reset', subscription, reason: resumable });
    }
    const cursor = live.lastCursor();
    const jobs = [...query.statuses(selection)];
    const progress = jobs.map(({ jobId }) => latestProgress(jobId)).filter((each) => each !== undefined);
    outlet.send({ type: 'snapshot', subscription, cursor, jobs, progress });
    return cursor;
  };

  /** Tells the next page; once there is nothing left, listens, and returns undefined. */
  const goOn = ({ subscription, selection, outlet, signal }: Following, cursor: number): number | undefined => {
    const last = live.lastCursor();
    const page = cursor === last ? [] : live.after(selection, cursor, PAGE);
    for (const past of page)
      outlet.tell(
        createTold(past, () => live.status(past.event.jobId)),
        subscription,
      );
    if (page.length === PAGE) return page.at(-1)?.cursor;
    const forget = hub.listen({
      selection,
      tell: (told) => outlet.tell(told, subscription),
      hint: (hint) => outlet.hint(hint, subscription),
    });
    signal.addEventListener('abort', forget, { once: true });
    outlet.send({ type: 'caughtUp', subscription, cursor: last });
    return undefined;
  };

  return async (following) => {
    const { outlet, signal } = following;
    let step = () => begin(following) as number | undefined;
    for (;;) {
      await outlet.ready();
      const cursor = await takeTurn(() => (signal.aborted ? undefined : step()));
      if (cursor === undefined) return;
      step = () => goOn(following, cursor);
    }
  };
}
