import { setImmediate } from 'node:timers/promises';
import { jobEvent } from '@capstan/shared/contract/messages';
import { createLog } from '@capstan/shared/runtime/log';
import { createUpkeep } from '@capstan/shared/runtime/upkeep';
import { expect } from 'chai';
import { createOrderAgain } from '../../../../services/gateway/src/admission/order-again.ts';
import { recordEvent } from '../../../../services/gateway/src/events/record-event.ts';
import { createExpire } from '../../../../services/gateway/src/maintenance/expire.ts';
import { openStore } from '../../../../services/gateway/src/store/store.ts';
import { aJobId, anAddress, aNewJob, aNonce } from '../a-job.ts';

const DAY_MS = 86_400_000;

describe('the order of a job that has ended', () => {
  it('is forgotten with its results, or after a week, and counts no more; one that waits is kept', async () => {
    const store = openStore(':memory:');
    const endsAt = 1_000;
    await store.write((transaction) => {
      for (const n of [1, 2, 3]) store.jobs.add(aNewJob({ jobId: aJobId(n), nonce: aNonce(n) }), '{"a":1}');
      const end = (n: number, code: 7 | 70, expiresAt?: number) => {
        const details = expiresAt === undefined ? {} : { expiresAt };
        recordEvent(store, transaction, jobEvent({ jobId: aJobId(n), run: 1, attempt: 1, code, at: endsAt, details }));
      };
      end(1, 7);
      end(2, 70, endsAt + DAY_MS);
    });
    let now = endsAt + 2 * DAY_MS;
    const clock = { now: () => now, monotonicMs: () => performance.now() };
    const expireOnce = async (isDone: () => boolean) => {
      const resultAssets = { remove: () => Promise.resolve() };
      const upkeep = createUpkeep({ clock });
      const service = createExpire({ store, resultAssets, upkeep, clock, log: createLog('test', 'silent') });
      await service.start();
      while (!isDone()) await setImmediate();
      await service.stop();
    };
    const kept = () => [1, 2, 3].filter((n) => store.jobs.spec(aJobId(n)) !== undefined);
    expect(kept()).to.deep.equal([1, 2, 3]);
    await expireOnce(() => kept().length < 3);
    expect(kept()).to.deep.equal([1, 3]);
    now += 6 * DAY_MS;
    await expireOnce(() => kept().length < 2);
    expect(kept()).to.deep.equal([3]);
    expect(store.usage.of('owner', anAddress())).to.include({ jobs: 1, keptBytes: 0 });
    expect(() => createOrderAgain(store)(anAddress(), aJobId(1))).to.throw(/not kept any more/);
    store.close();
  });
});
