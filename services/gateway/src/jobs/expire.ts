/** Takes results off the statuses of jobs when their time is over. The runner that holds them drops them; nobody reads them from then on. */
import type { Clock } from '@capstan/shared/clock';
import type { Log } from '@capstan/shared/log';
import { createRegular } from '@capstan/shared/regularly';
import type { Service } from '@capstan/shared/service';
import type { ResultAssets } from '../assets/result-assets.ts';
import type { Store } from '../store/store.ts';

const EVERY_MS = 60_000;
const AT_ONCE = 100;

interface ExpireOptions {
  readonly store: Store;
  readonly resultAssets: Pick<ResultAssets, 'remove'>;
  readonly clock: Clock;
  readonly log: Log;
}

export function createExpire({ store, resultAssets, clock, log }: ExpireOptions): Service {
  const expire = async () => {
    for (;;) {
      const now = clock.now();
      const runs = store.jobs.expiring(now, AT_ONCE);
      if (runs.length === 0) return;
      // First: as long as they are listed, a node that dies here knows what is left to do.
      await Promise.all(runs.map(resultAssets.remove));
      await store.write(() => {
        for (const { jobId, run } of runs) store.jobs.expire(jobId, run, now);
      });
      for (const { jobId, run } of runs) log.info({ jobId, run }, 'results expired');
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
