/** The subscriptions of one socket, by the names that its client gave them, whatever they are of. */

export interface Subscriptions {
  /** Begins one; one of the same name ends. `run` goes on until its signal is aborted. Throws TOO_MANY_REQUESTS where there is no place for it. */
  open(name: string, run: (signal: AbortSignal) => Promise<void>, ids?: number): void;
  /** Why there may not be another one, of so many jobs that are named by their ids; undefined if there may. */
  tooMany(name: string, ids: number): string | undefined;
  /** Harmless if there is none. */
  close(name: string): void;
  closeAll(): void;
}

/** Jobs that one socket names by their ids, in all its subscriptions: each is some hundred bytes, listened to for as long as the socket is open. */
export const MOST_NAMED = 1_000;

interface Open {
  readonly ending: AbortController;
  readonly ids: number;
  readonly leave: () => void;
}

interface SubscriptionsOptions {
  readonly onFailed: (error: unknown) => void;
  readonly most: number;
  /** One of those that all sockets share; returns how to leave it. Throws TOO_MANY_REQUESTS. */
  readonly takePlace: () => () => void;
}

export function createSubscriptions({ onFailed, most, takePlace }: SubscriptionsOptions): Subscriptions {
  const open = new Map<string, Open>();

  const close = (name: string) => {
    const ended = open.get(name);
    if (!ended) return;
    open.delete(name);
    ended.leave();
    ended.ending.abort();
  };

  return {
    open(name, run, ids = 0) {
      close(name);
      const leave = takePlace();
      const ending = new AbortController();
      open.set(name, { ending, ids, leave });
      run(ending.signal).catch(onFailed);
    },
    close,
    closeAll() {
      for (const name of open.keys()) close(name);
    },
    tooMany(name, ids) {
      // The same name again replaces it.
      const others = [...open].filter(([other]) => other !== name).map(([, each]) => each);
      if (others.length >= most) return `One socket holds ${most} subscriptions at most.`;
      const named = others.reduce((sum, each) => sum + each.ids, ids);
      return named <= MOST_NAMED || ids === 0
        ? undefined
        : `One socket names ${MOST_NAMED} jobs at most, in all its subscriptions together: follow them by their owner, or their dataset.`;
    },
  };
}
