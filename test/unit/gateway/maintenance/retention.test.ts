import { expect } from 'chai';
import { createLog } from '@capstan/shared/runtime/log';
import { createRetention } from '../../../../services/gateway/src/maintenance/retention.ts';
import { openStore } from '../../../../services/gateway/src/store/store.ts';
import { aJobId, anAddress } from '../a-job.ts';
import { createUpkeep } from '@capstan/shared/runtime/upkeep';
import { loadConfig } from '@capstan/shared/config/load';

const DAY_MS = 86_400_000;
const NOW = 1_000 * DAY_MS;

describe('what no job needs any more', () => {
  it('is forgotten once it is older than it is kept, however much of it there is', async () => {
    const store = openStore(':memory:');
    const bury = (n: number, deletedAt: number) =>
      store.tombstones.add({ jobId: aJobId(n), run: 1, owner: anAddress(), deletedAt });
    await store.write(() => {
      for (let n = 1; n <= 2_500; n++) bury(n, NOW - 91 * DAY_MS);
      bury(9_001, NOW - 89 * DAY_MS);
      for (let n = 1; n <= 120; n++)
        store.receipts.add({ chainId: 1, txId: `0x${n}`, isSuccess: true, blockNumber: 1, blockHash: '0x', logs: [] });
      for (const days of [91, 89])
        store.deadLetters.add({ at: NOW - days * DAY_MS, subject: 'jobs.event.x', problem: 'no JSON', message: '?' });
    });
    const settings = loadConfig({}, '/nowhere').gateway;
    const clock = { now: () => NOW, monotonicMs: () => 0 };
    const { promise: isDone, resolve } = Promise.withResolvers<void>();
    const log = createLog('test', 'silent');
    const told: unknown[] = [];
    log.info = (facts: { kind: string }) => {
      told.push(facts);
      if (facts.kind === 'receipts of no order') resolve();
    };
    const pauses: number[] = [];
    const upkeep = createUpkeep({ clock, pause: (ms) => Promise.resolve(void pauses.push(ms)) });
    const retention = createRetention({ store, settings, upkeep, clock, log });
    await retention.start();
    await isDone;
    await retention.stop();
    expect(told).to.deep.equal([
      { kind: 'tombstones', rows: 2_500 },
      { kind: 'dead letters', rows: 1 },
      { kind: 'receipts of no order', rows: 120 },
    ]);
    for (let n = 1; n <= 2_500; n++) expect(store.tombstones.find(aJobId(n))).to.equal(undefined);
    expect(store.deadLetters.count()).to.equal(1);
    expect(store.tombstones.find(aJobId(9_001))).to.include({ run: 1 });
    // One after each slice that may have left something.
    expect(pauses.length).to.be.greaterThan(2);
    expect(upkeep.report().find(({ name }) => name === 'tombstones')).to.include({ done: 2_500, isRunning: false });
    store.close();
  });
});
