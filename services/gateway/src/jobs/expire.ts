/** Takes results off the statuses of jobs when their time is over. The runner that holds them drops them; nobody reads them from then on. */
import type { Clock } from '@capstan/shared/clock';
import type { Log } from '@capstan/shared/log';
import type { Service } from '@capstan/shared/service';
import { createWake } from '@capstan/shared/wake';
import type { Store } from '../store/store.ts';

const EVERY_MS = 60_000;

export function createExpire({ store, clock, log }: { store: Store; clock: Clock; log: Log }): Service {
  let timer: NodeJS.Timeout | undefined;
  const expire = async () => {
    const now = clock.now();
    if (!store.jobs.hasExpiring(now)) return;
    const jobIds = await store.write(() => store.jobs.expire(now));
    for (const jobId of jobIds) log.info({ jobId }, 'results expired');
  };
  const wake = createWake(expire, (error) => log.warn({ err: error }, 'results that expired are still listed'));

  return {
    name: 'expire',
    start() {
      timer = setInterval(() => wake.wake(), EVERY_MS);
      wake.wake();
      return Promise.resolve();
    },
    async stop() {
      clearInterval(timer);
      await wake.idle();
    },
  };
}
