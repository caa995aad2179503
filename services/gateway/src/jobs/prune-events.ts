/** Forgets events that are older than the node keeps them. Who wants to resume from before them is told so. */
import type { Clock } from '@capstan/shared/clock';
import type { Log } from '@capstan/shared/log';
import type { Service } from '@capstan/shared/service';
import { createWake } from '@capstan/shared/wake';
import type { Store } from '../store/store.ts';

const PRUNE_EVERY_MS = 3_600_000;
/** So many in one transaction, for others wait for it. */
const BATCH = 1_000;
const DAY_MS = 86_400_000;

interface PruneOptions {
  readonly store: Store;
  readonly keepDays: number;
  readonly clock: Clock;
  readonly log: Log;
}

export function createPruneEvents({ store, keepDays, clock, log }: PruneOptions): Service {
  let timer: NodeJS.Timeout | undefined;
  let isStopping = false;

  /** Returns the last cursor that is gone now; undefined once there is nothing old left. */
  const pruneBatch = () =>
    store.write(() => {
      const cursor = store.events.prune(clock.now() - keepDays * DAY_MS, BATCH);
      if (cursor !== undefined) store.cursors.setPruned(cursor);
      return cursor;
    });

  const prune = async () => {
    let last: number | undefined;
    for (;;) {
      const cursor = isStopping ? undefined : await pruneBatch();
      if (cursor === undefined) break;
      last = cursor;
    }
    if (last !== undefined) log.info({ cursor: last }, 'old events are no longer kept');
  };

  const wake = createWake(prune, (error) => log.error({ err: error }, 'old events could not be removed'));

  return {
    name: 'prune events',
    start() {
      timer = setInterval(() => wake.wake(), PRUNE_EVERY_MS);
      wake.wake();
      return Promise.resolve();
    },
    async stop() {
      isStopping = true;
      clearInterval(timer);
      await wake.idle();
    },
  };
}
