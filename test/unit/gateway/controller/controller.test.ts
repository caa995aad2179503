import { expect } from 'chai';
import type { Bus } from '@capstan/shared/bus/connect';
import type { JobId } from '@capstan/shared/contract/ids';
import { systemClock as clock } from '@capstan/shared/runtime/clock';
import { createLog } from '@capstan/shared/runtime/log';
import { createUpkeep } from '@capstan/shared/runtime/upkeep';
import { createController } from '../../../../services/gateway/src/controller/controller.ts';
import { openStore } from '../../../../services/gateway/src/store/store.ts';
import { absentBus } from '../../../support/gateway/absent-bus.ts';
import { ENVIRONMENT } from '../../../support/gateway/parts.ts';
import { aJobId, anAddress, anEnvironment, aNewJob } from '../a-job.ts';

const log = createLog('test', 'silent');

interface Scene {
  /** What the broker says to a message of that id. */
  readonly answer?: (id: string) => Error | undefined;
  readonly announced?: readonly JobId[];
  readonly upkeep?: ReturnType<typeof createUpkeep>;
}

/** A controller on a store in memory and a broker that takes what comes as `answer` says. */
function aController({ answer = () => undefined, announced = [], upkeep = createUpkeep({ clock }) }: Scene = {}) {
  const store = openStore(':memory:');
  const ids: string[] = [];
  const announce = new Set<(announced: { readonly isNew: boolean }) => void>();
  let taken = Promise.withResolvers<string>();
  let walked = Promise.withResolvers<void>();
  const bus = {
    ...absentBus(),
    isConnected: () => true,
    jetStream: () => ({
      publish(_subject: string, _text: string, { msgID }: { readonly msgID: string }) {
        ids.push(msgID);
        const error = answer(msgID);
        if (error) return Promise.reject(error);
        taken.resolve(msgID);
        return Promise.resolve();
      },
    }),
  } as unknown as Bus;
  const controller = createController({
    bus,
    store,
    runners: {
      isLive: () => true,
      announcedJobs: () => announced.map((jobId) => ({ jobId, run: 1 })),
      onAnnounced(listener) {
        announce.add(listener);
        return () => void announce.delete(listener);
      },
    },
    dispatch: { wake: () => walked.resolve() },
    cleared: { ask: () => undefined },
    leftElsewhere: () => undefined,
    finishDeletion: () => Promise.reject(new Error('nothing is deleted here')),
    upkeep,
    clock,
    log,
  });
  return {
    store,
    controller,
    ids,
    /** A runner announces itself that was not known before. */
    newcomer: () => announce.forEach((hear) => hear({ isNew: true })),
    async give(jobId = aJobId(), at = clock.now()) {
      const sent = await store.write(() => store.queue.markSent(jobId, at));
      if (sent) controller.send([{ jobId, ...sent }]);
    },
    async untilTaken() {
      const id = await taken.promise;
      taken = Promise.withResolvers<string>();
      return id;
    },
    async untilWalked() {
      await walked.promise;
      walked = Promise.withResolvers<void>();
    },
  };
}

const aJob = () => aNewJob({ owner: anAddress(), environment: ENVIRONMENT.id });

describe('a start command', () => {
  it('that NATS did not take is sent on by itself, as the same message, without a sweep', async () => {
    let failures = 3;
    const { store, controller, give, untilTaken, ids } = aController({
      answer: () => ((failures -= 1) >= 0 ? new Error('TIMEOUT') : undefined),
    });
    await store.write(() => store.jobs.add(aJob(), '{}'));
    await give();
    expect(await untilTaken()).to.equal(`${aJobId()}.1.start.1`);
    expect(new Set(ids).size).to.equal(1);
    expect(ids).to.have.length(4);
    await controller.stop();
  });

  it('that is sent once more is another message, which no window of repetitions swallows', async () => {
    const { store, controller, give, untilTaken } = aController();
    await store.write(() => store.jobs.add(aJob(), '{}'));
    await give();
    const first = await untilTaken();
    await give();
    expect([first, await untilTaken()]).to.deep.equal([`${aJobId()}.1.start.1`, `${aJobId()}.1.start.2`]);
    await controller.stop();
  });

  it('that NATS took late is not taken for lost at once, and nothing is said to be wrong any more', async () => {
    let isAway = true;
    const { store, controller, give, untilTaken, ids, untilWalked } = aController({
      answer: () => (isAway ? new Error('TIMEOUT') : undefined),
    });
    // Its place was given long ago.
    await store.write(() => store.jobs.add(aJob(), '{}'));
    await give(aJobId(), clock.now() - 3_600_000);
    while (ids.length < 2) await new Promise(setImmediate);
    expect(controller.problem()).to.include('NATS did not take');
    isAway = false;
    await untilTaken();
    const { length } = ids;
    await controller.start();
    await untilWalked();
    await controller.stop();
    expect(ids).to.have.length(length);
    expect(controller.problem()).to.equal(undefined);
  });

  it('is sent anew for a runner that has come, and no more often however many come with it', async () => {
    const { store, controller, give, untilTaken, ids, newcomer, untilWalked } = aController();
    await store.write(() => store.jobs.add(aJob(), '{}'));
    await give();
    await untilTaken();
    await controller.start();
    await untilWalked();
    for (let n = 0; n < 20; n += 1) {
      newcomer();
      await untilWalked();
      while (ids.length < 2) await new Promise(setImmediate);
    }
    await controller.stop();
    expect(ids).to.deep.equal([`${aJobId()}.1.start.1`, `${aJobId()}.1.start.2`]);
    store.close();
  });

  it('that is more than NATS takes ends its job with the reason, and is not sent again', async () => {
    const tooLarge = Object.assign(new Error('too much'), { code: 'MAX_PAYLOAD_EXCEEDED' });
    const { store, controller, give, ids } = aController({ answer: () => tooLarge });
    await store.write(() => store.jobs.add(aJob(), '{}'));
    const ended = Promise.withResolvers<void>();
    store.onCommitted(() => ended.resolve());
    await give();
    await ended.promise;
    await give();
    await controller.stop();
    expect(ids).to.have.length(1);
    const job = store.jobs.find(aJobId());
    expect(job).to.include({ code: 22 });
    expect(job?.termination?.reason).to.include('max_payload');
  });
});

/** Of which two have been announced by a runner. */
const SENT = 3_000;
const UNWANTED = 500;

describe('the walk over very many jobs', () => {
  it('looks at each once, in slices with pauses, and is seen where all upkeep is', async () => {
    let tookMs = 0;
    // Each look at the clock takes a while: a slice is as long as what it looks at.
    const slowClock = { now: () => clock.now(), monotonicMs: () => (tookMs += 1) };
    const pauses: number[] = [];
    const upkeep = createUpkeep({ clock: slowClock, pause: (ms) => Promise.resolve(void pauses.push(ms)) });
    const { store, controller, ids, untilWalked } = aController({ announced: [aJobId(1), aJobId(2)], upkeep });
    await store.write(() => {
      for (let n = 1; n <= SENT; n += 1) {
        const environment = anEnvironment(n % 3 === 0 ? 'a' : 'b');
        store.jobs.add(aNewJob({ jobId: aJobId(n), owner: anAddress((n % 7) + 1), environment }), '{}');
        store.queue.markSent(aJobId(n), 1_000);
      }
      for (let n = 1; n <= UNWANTED; n += 1) {
        store.jobs.add(aNewJob({ jobId: aJobId(SENT + n), owner: anAddress(9) }), '{}');
        store.jobs.want(aJobId(SENT + n), 'stopped');
      }
    });
    const ended = Promise.withResolvers<void>();
    let ends = 0;
    store.onCommitted((events) => (ends += events.length) >= UNWANTED && ended.resolve());
    await controller.start();
    await untilWalked();
    await ended.promise;
    while (ids.length < SENT - 2) await new Promise(setImmediate);
    await controller.stop();
    expect(new Set(ids)).to.have.property('size', SENT - 2);
    expect(ids).not.to.include(`${aJobId(1)}.1.start.2`);
    expect(store.jobs.unwanted()).to.deep.equal([]);
    expect(store.jobs.find(aJobId(SENT + UNWANTED))).to.include({ code: 7 });
    const report = upkeep.report();
    expect(report.map(({ name, done, isRunning }) => [name, done, isRunning])).to.deep.equal([
      ['sweep: unwanted jobs', UNWANTED, false],
      ['sweep: jobs of runners', 2, false],
      ['sweep: jobs sent', SENT, false],
    ]);
    for (const { slices, done } of report) if (done > 50) expect(slices).to.be.greaterThan(3);
    expect(pauses.length).to.be.greaterThan(6);
    store.close();
  });
});
