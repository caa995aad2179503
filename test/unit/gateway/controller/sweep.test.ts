import { createLog } from '@capstan/shared/runtime/log';
import { createUpkeep } from '@capstan/shared/runtime/upkeep';
import { expect } from 'chai';
import { createSweep } from '../../../../services/gateway/src/controller/sweep.ts';
import { openStore } from '../../../../services/gateway/src/store/store.ts';
import { absentBus } from '../../../support/gateway/absent-bus.ts';
import { aJobId, anAddress, anEnvironment, aNewJob } from '../a-job.ts';

const NOW = 1_000_000;
const log = createLog('test', 'silent');
/** Of which two have been announced by a runner. */
const SENT = 3_000;

async function swept() {
  const store = openStore(':memory:');
  await store.write(() => {
    for (let n = 1; n <= SENT; n += 1) {
      const environment = anEnvironment(n % 3 === 0 ? 'a' : 'b');
      store.jobs.add(aNewJob({ jobId: aJobId(n), owner: anAddress((n % 7) + 1), environment }), '{}');
      store.queue.markSent(aJobId(n), 1_000);
    }
    for (let n = 1; n <= 500; n += 1) {
      store.jobs.add(aNewJob({ jobId: aJobId(SENT + n), owner: anAddress(9) }), '{}');
      store.jobs.want(aJobId(SENT + n), 'stopped');
    }
  });
  let tookMs = 0;
  // Each look at the clock takes a while: a slice is as long as what it looks at.
  const clock = { now: () => NOW, monotonicMs: () => (tookMs += 1) };
  const pauses: number[] = [];
  const upkeep = createUpkeep({ clock, pause: (ms) => Promise.resolve(void pauses.push(ms)) });
  const again: string[] = [];
  const { promise: isDone, resolve } = Promise.withResolvers<void>();
  const announced = [1, 2].map((n) => ({ jobId: aJobId(n), run: 1, environment: anEnvironment('b') }));
  const sweep = createSweep({
    cleared: { ask: () => undefined },
    bus: { ...absentBus(), isConnected: () => true },
    store,
    runners: {
      isLive: () => true,
      isAnnounced: (jobId: string) => announced.some((job) => job.jobId === jobId),
      announcedJobs: () => announced,
      onAnnounced: () => () => undefined,
    },
    dispatch: { sendAgain: (jobId) => Promise.resolve(void again.push(jobId)), wake: resolve },
    deletions: { attempt: () => undefined },
    upkeep,
    leftElsewhere: () => undefined,
    clock,
    log,
  });
  await sweep.start();
  await isDone;
  await sweep.stop();
  return { store, again, pauses, report: upkeep.report() };
}

describe('a sweep over very many jobs', () => {
  it('looks at each once, in slices with pauses, and is seen where all upkeep is', async () => {
    const { store, again, pauses, report } = await swept();
    expect(again).to.have.length(SENT - 2);
    expect(new Set(again)).to.have.property('size', SENT - 2);
    expect(again).not.to.include(aJobId(1));
    expect(store.jobs.unwanted()).to.deep.equal([]);
    expect(store.jobs.find(aJobId(SENT + 500))).to.include({ code: 7 });
    expect(report.map(({ name, done, isRunning }) => [name, done, isRunning])).to.deep.equal([
      ['sweep: unwanted jobs', 500, false],
      ['sweep: jobs of runners', 2, false],
      ['sweep: jobs sent', SENT, false],
    ]);
    for (const { slices, done } of report) if (done > 50) expect(slices).to.be.greaterThan(3);
    expect(pauses.length).to.be.greaterThan(6);
    store.close();
  });
});
