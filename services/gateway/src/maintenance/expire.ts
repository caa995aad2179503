/** Takes results off the statuses of jobs when their time is over. The runner that holds them drops them; nobody reads them from then on. */
import type { Clock } from '@capstan/shared/runtime/clock';
import type { Log } from '@capstan/shared/runtime/log';
import { createRegular } from '@capstan/shared/runtime/regularly';
import type { Service } from '@capstan/shared/runtime/service';
import type { Upkeep } from '@capstan/shared/runtime/upkeep';
import type { ResultAssets } from '../assets/result-assets.ts';
import type { Store } from '../store/store.ts';
import { ORDER } from '../store/usage.ts';

const EVERY_MS = 60_000;
/** Few: a job may have thousands of results. */
const AT_ONCE = 10;

interface ExpireOptions {
  readonly store: Store;
  readonly resultAssets: Pick<ResultAssets, 'remove'>;
  readonly upkeep: Pick<Upkeep, 'drain' | 'piece'>;
  /** By which it is told what is over: a clock that believes no leap. */
  readonly clock: Pick<Clock, 'now'>;
  readonly log: Log;
}

export function createExpire({ store, resultAssets, upkeep, clock, log }: ExpireOptions): Service {
  const expire = async (signal: AbortSignal) => {
    while (!signal.aborted) {
      const now = clock.now();
      const runs = store.jobs.expiring(now, AT_ONCE);
      if (runs.length === 0) break;
      await upkeep.piece('results that expire', signal, async () => {
        // First: as long as they are listed, a node that dies here knows what is left to do.
        await Promise.all(runs.map(resultAssets.remove));
        await store.write(() => {
          for (const { jobId, run } of runs) {
            store.jobs.expire(jobId, run, now);
            store.usage.drop(jobId, run);
          }
        });
      });
      for (const { jobId, run } of runs) log.info({ jobId, run }, 'results expired');
    }
    // Those of earlier runs, each listed and counted by itself.
    const ofEarlierRuns: Readonly<Record<string, (most: number) => number>> = {
      'kept results': (most) => store.usage.prune(clock.now(), most),
      'earlier runs': (most) => store.pastRuns.prune(clock.now(), most),
      'orders of ended jobs'(most) {
        const jobIds = store.usage.expiredOrders(clock.now(), most);
        for (const jobId of jobIds) {
          store.jobs.forgetSpec(jobId);
          store.usage.drop(jobId, ORDER);
        }
        return jobIds.length;
      },
    };
    for (const [name, step] of Object.entries(ofEarlierRuns)) {
      await upkeep.drain({ name, step, around: (slice) => store.write(slice), signal });
    }
  };
  return createRegular({
    name: 'expire',
    everyMs: EVERY_MS,
    isAtStart: true,
    work: expire,
    onError: (error) => log.warn({ err: error }, 'results that expired are still listed'),
  });
}
