/** Long poll: the first event after a cursor, for who can hold no connection open for long. */
import type { Live } from '../jobs/live.ts';
import type { Selection } from '../jobs/query.ts';
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
  return ({ selection, since, limitMs, signal }) => {
    const isThere =
      since !== undefined && (live.resumable(since) !== 'yes' || live.after(selection, since, 1).length > 0);
    if (isThere || limitMs === 0 || signal.aborted) return Promise.resolve();
    const { promise, resolve } = Promise.withResolvers<undefined>();
    const enough = () => resolve(undefined);
    const forget = hub.listen({ selection, tell: enough });
    const limit = setTimeout(enough, limitMs);
    signal.addEventListener('abort', enough, { once: true });
    return promise.finally(() => {
      forget();
      clearTimeout(limit);
      signal.removeEventListener('abort', enough);
    });
  };
}
