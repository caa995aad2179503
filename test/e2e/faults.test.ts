import { join } from 'node:path';
import { expect } from 'chai';
import type { Subscription } from '../../scripts/parts/subscription.ts';
import { findClockLibrary, shiftedClock } from '../chaos/world/clock-library.ts';
import { watchEngine, type EngineEvents } from '../support/engine-events.ts';
import { startTreatedBadly, type TreatedBadly } from '../support/treated-badly.ts';

const HOUR_S = 3_600;
const WORK = 'echo begun; sleep 2; echo 42 > /data/outputs/answer';

describe('a node', () => {
  let scene: TreatedBadly;
  let engine: EngineEvents;
  beforeEach(async () => {
    scene = await startTreatedBadly();
    engine = await watchEngine();
  });
  afterEach(async () => {
    await engine[Symbol.asyncDispose]();
    await scene[Symbol.asyncDispose]();
    expect(scene.falls).to.deep.equal([]);
  });

  const until = (jobId: string, status: number, live: Subscription = scene.live) =>
    live.until((event) => event.jobId === jobId && event.status === status, `status ${status} of ${jobId}`, 60_000);
  const aRunningJob = async () => {
    const { jobId } = await scene.caller.job(scene.order(WORK));
    await until(jobId, 40);
    return jobId;
  };
  const expectDone = async (jobId: string) => {
    await until(jobId, 70);
    expect(engine.starts(jobId)).to.equal(1);
    await engine.untilGone(jobId);
  };

  it('whose way to NATS swallows everything takes orders all the same, and carries them out once it is healed', async () => {
    const { node, caller } = scene;
    const running = await aRunningJob();
    for (const link of Object.values(node.links)) link.set({ kind: 'silent' });
    const { jobId, status } = await caller.job(scene.order(WORK));
    expect(status).to.equal(1);
    await engine.until('die', running);
    for (const link of Object.values(node.links)) link.set({ kind: 'open' });
    await expectDone(running);
    await expectDone(jobId);
  });

  it('whose clocks jump by an hour, either way, is not confused: a job takes as long as it takes', async function () {
    const library = findClockLibrary();
    if (library === undefined) {
      console.error('    skipped: libfaketime is not installed');
      return this.skip();
    }
    const { node, dir } = scene;
    const clock = await shiftedClock(library, join(dir, 'clock'));
    for (const name of ['gateway', 'runner'] as const) {
      await node.kill(name);
      await node.bringBack(name, clock.variables);
    }
    for (const seconds of [HOUR_S, -HOUR_S]) {
      const jobId = await aRunningJob();
      await clock.shift(seconds);
      await expectDone(jobId);
    }
    const cursors = scene.live.events().map(({ cursor }) => cursor);
    expect(cursors).to.deep.equal(cursors.toSorted((one, other) => one - other));
  });

  it('does not let a second gateway onto its store', async () => {
    const { node } = scene;
    const second = await node.twin('gateway', { CAPSTAN_GATEWAY_PORT: '0' });
    expect(await second.untilLogged(STORE_IN_USE)).to.include({ level: 'error', code: 'STORE_IN_USE' });
    expect((await second.exited).code).to.equal(1);
    await expectDone(await aRunningJob());
  });

  it('that is asked to end under load leaves its containers running, ends with 0, and goes on with them', async () => {
    const { node } = scene;
    const jobs = [await aRunningJob(), await aRunningJob()];
    const waiting = await scene.caller.job(scene.order('echo done'));
    for (const name of ['runner', 'gateway'] as const) expect(await node.terminate(name, 1)).to.include({ code: 0 });
    for (const name of ['gateway', 'runner'] as const) await node.bringBack(name);
    // Asked twice, it leaves at once; that is no worse.
    for (const name of ['runner', 'gateway'] as const) expect((await node.terminate(name, 2)).code).to.be.oneOf([0, 1]);
    for (const name of ['gateway', 'runner'] as const) await node.bringBack(name);
    for (const jobId of [...jobs, waiting.jobId]) await expectDone(jobId);
  });
});

const STORE_IN_USE =
  'The store is in use: another gateway runs on this data folder. Stop it first; there is one gateway a store.';
