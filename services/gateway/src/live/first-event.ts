/** Long poll: the first event after a cursor, for who can hold no connection open for long. */
import { setImmediate } from 'node:timers/promises';
import type { Live } from './event-source.ts';
import type { Selection } from '../status/selection.ts';
import type { Hub } from './hub.ts';

interface Wait {
  readonly selection: Selection;
  /** From now on, if absent. */
  readonly since: number | undefined;
  readonly limitMs: number;
  /** The client went away, or the node is stopping. */
  readonly signal: AbortSignal;
}

/** Resolves when there is an event after the cursor, when the cursor can't be resumed from, at the limit, and when the signal aborts. */
export type FirstEvent = (wait: Wait) => Promise<void>;

export function createFirstEvent({ live, hub }: { readonly live: Live; readonly hub: Hub }): FirstEvent {
  return async ({ selection, since, limitMs, signal }) => {
    if (limitMs === 0 || signal.aborted || (since !== undefined && live.resumable(since) !== 'yes')) return;
    const { promise, resolve } = Promise.withResolvers<undefined>();
    const over = new AbortController();
    const enough = () => {
      over.abort();
      resolve(undefined);
    };
    // Before anything is looked up: what happens meanwhile is heard.
    const forget = hub.listen({ selection, tell: enough });
    const limit = setTimeout(enough, limitMs);
    signal.addEventListener('abort', enough, { once: true });
    try {
      for (let from = since; from !== undefined && !over.signal.aborted;) {
        const { events, reached, isEnd } = live.after(selection, from, 1);
        if (events.length > 0) return;
        from = isEnd ? undefined : reached;
        // Where there is much to look at, others get their turns.
        if (from !== undefined) await setImmediate();
      }
      await promise;
    } finally {
      forget();
      clearTimeout(limit);
      signal.removeEventListener('abort', enough);
    }
  };
}
