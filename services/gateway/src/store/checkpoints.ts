/** Keeps the log of the store short: a thread writes it back into the file, while the service reads and writes on. */
import type { Clock } from '@capstan/shared/runtime/clock';
import type { Upkeep } from '@capstan/shared/runtime/upkeep';
import type { Committer } from './commit.ts';
import type { StoreThread } from './thread.ts';
import { LOG_LIMITS, type LogLimits } from './log-limits.ts';

/** Rounds beside the writes; each leaves what was written during the one before. */
const ROUNDS = 5;
/** A log that came to so many times its length gives the room back. */
const TOO_LONG = 4;

interface CheckpointOptions {
  readonly store: Pick<Committer, 'hold'>;
  readonly thread: Pick<StoreThread, 'ask'>;
  readonly upkeep: Pick<Upkeep, 'apart'>;
  readonly limits?: LogLimits;
  readonly clock: Pick<Clock, 'monotonicMs'>;
}

/** Looks once, and writes the log back if it is long. Resolves to the length that it had. */
export type CheckLog = (signal: AbortSignal) => Promise<number>;

export function createCheckLog({ store, thread, upkeep, limits = LOG_LIMITS, clock }: CheckpointOptions): CheckLog {
  const { fromPages, lastPages } = limits;
  return async (signal) => {
    const { pages } = await thread.ask({ do: 'measure' });
    if (pages < fromPages) return pages;
    await upkeep.apart('log of the store', async () => {
      for (let round = 0; round < ROUNDS && !signal.aborted; round += 1) {
        const state = await thread.ask({ do: 'checkpoint', mode: 'passive' });
        if (state.pages - state.writtenBack <= lastPages) break;
      }
      // No write meets the lock of this one: they wait where they hold nobody. A reader in the way leaves the rest to the next look.
      const mode = pages > fromPages * TOO_LONG ? 'truncate' : 'restart';
      if (signal.aborted) return { done: 0, othersWaitedMs: 0 };
      const heldMs = clock.monotonicMs();
      await store.hold(() => thread.ask({ do: 'checkpoint', mode }));
      return { done: pages, othersWaitedMs: clock.monotonicMs() - heldMs };
    });
    return pages;
  };
}
