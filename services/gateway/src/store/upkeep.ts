/** The store's upkeep, all in a thread beside the service: once it looks whether the file is whole, and from then on after the log. */
import { type CapstanError, messageOf } from '@capstan/shared/contract/errors';
import type { Clock } from '@capstan/shared/runtime/clock';
import type { Log } from '@capstan/shared/runtime/log';
import { createRegular } from '@capstan/shared/runtime/regularly';
import type { Service } from '@capstan/shared/runtime/service';
import type { Upkeep } from '@capstan/shared/runtime/upkeep';
import { createCheckLog } from './checkpoints.ts';
import type { LogLimits } from './log-limits.ts';
import type { Committer } from './commit.ts';
import { damaged } from './damaged.ts';
import type { StoreThread } from './thread.ts';

/** Nothing tells how long the log is. At the pace of a fast disk it grows by some tens of megabytes until the next look. */
const LOOK_EVERY_MS = 1_000;

export interface StoreUpkeep {
  readonly service: Service;
  /** Resolves if the store is found damaged: the node must not run on it. */
  readonly broken: Promise<CapstanError>;
  /** What is wrong with the store, in words, for `/health`. */
  problem(): string | undefined;
}

interface StoreUpkeepOptions {
  readonly store: Pick<Committer, 'hold'>;
  readonly thread: StoreThread;
  readonly upkeep: Pick<Upkeep, 'apart'>;
  readonly limits?: LogLimits;
  readonly clock: Pick<Clock, 'monotonicMs'>;
  readonly log: Pick<Log, 'error'>;
}

export function createStoreUpkeep({ store, thread, upkeep, limits, clock, log }: StoreUpkeepOptions): StoreUpkeep {
  const { promise: broken, resolve: tellBroken } = Promise.withResolvers<CapstanError>();
  const checkLog = createCheckLog({ store, thread, upkeep, clock, ...(limits === undefined ? {} : { limits }) });
  let isChecked = false;
  let damage: CapstanError | undefined;
  let told: string | undefined;

  const checkFile = () =>
    upkeep.apart('integrity of the store', async () => {
      const found = await thread.ask({ do: 'check' });
      isChecked = true;
      if (found.damage !== undefined) tellBroken((damage = damaged(found.damage)));
      return { done: 1, othersWaitedMs: 0 };
    });

  const regular = createRegular({
    name: 'upkeep of the store',
    everyMs: LOOK_EVERY_MS,
    isAtStart: true,
    async work(signal) {
      if (!isChecked) await checkFile();
      // What is damaged is left as it is.
      if (damage === undefined) await checkLog(signal);
      told = undefined;
    },
    onError(error) {
      // It is tried again at each look; a person needs to hear of it once.
      const problem = messageOf(error);
      if (problem !== told)
        log.error({ problem }, 'the upkeep of the store failed; its log grows until it works again');
      told = problem;
    },
  });

  return {
    service: {
      name: regular.name,
      start: () => regular.start(),
      async stop() {
        await regular.stop();
        await thread.end();
      },
    },
    broken,
    problem: () => damage?.message,
  };
}
