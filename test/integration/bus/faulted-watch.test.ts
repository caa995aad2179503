import { expect } from 'chai';
import { putDesired, watchDesired } from '@capstan/shared/bus/desired';
import { createBus } from '@capstan/shared/bus/connect';
import type { JobId } from '@capstan/shared/contract/ids';
import type { Desired } from '@capstan/shared/contract/messages';
import { startTcpProxy } from '../../support/tcp-proxy.ts';
import { aBroker, heard, log, nextConnection, within } from './a-broker.ts';

const RUNS = 24;
const FAULTS = [
  'cut',
  'silent',
  'cut while it reads',
  'silent while it reads',
  'broker restarts',
  'broker is wiped',
] as const;

interface Word extends Desired {
  readonly jobId: JobId;
}

/** The way between a runner and its broker breaks, or falls silent, again and again. */
describe('a runner that watches what the gateway wants', function () {
  this.timeout(240_000);

  it('hears what is said by a broker that lost its last words, and counts on from an earlier one', async () => {
    await using broker = await aBroker();
    await using proxy = await startTcpProxy(broker.access.port);
    const id = (n: number) => n.toString(16).padStart(32, '0') as JobId;
    const { user, password } = broker.access;
    const nats = { servers: [`nats://127.0.0.1:${proxy.port}`], user, password };
    const gateway = await broker.connectedBus();
    const runner = createBus({ nats, name: 'runner', log });
    await runner.start();
    try {
      await within(runner.connected(broker.signal), 'the connection');
      const words = heard<Word>();
      watchDesired(runner, { onWord: (jobId, word) => words.take({ jobId, ...word }), log, signal: broker.signal });
      const say = (n: number, want: Desired['want']) => putDesired(gateway, id(n), { run: 1, want });
      const isHeard = (n: number) => words.until(({ jobId }) => jobId === id(n), `the word of job ${n}`);
      await say(1, 'run');
      await isHeard(1);
      const back = nextConnection(gateway);
      const setBack = await broker.keep();
      await back;
      for (const n of [2, 3, 4]) await say(n, 'run');
      for (const n of [2, 3, 4]) await isHeard(n);
      proxy.set({ kind: 'cut' });
      const again = nextConnection(gateway);
      await setBack();
      await again;
      await say(5, 'stopped');
      proxy.set({ kind: 'open' });
      await isHeard(5);
    } finally {
      await runner.stop();
    }
  });

  it(`hears what was said during a fault, and after it, in each of ${RUNS} faults`, async () => {
    await using broker = await aBroker();
    await using proxy = await startTcpProxy(broker.access.port);
    const gateway = await broker.connectedBus();
    const { user, password } = broker.access;
    const runner = createBus({
      nats: { servers: [`nats://127.0.0.1:${proxy.port}`], user, password },
      name: 'runner',
      log,
    });
    await runner.start();
    try {
      await within(runner.connected(broker.signal), 'the connection');
      const words = heard<Word>();
      watchDesired(runner, { onWord: (jobId, word) => words.take({ jobId, ...word }), log, signal: broker.signal });
      for (let n = 0; n < RUNS; n += 1) {
        const jobId = n.toString(16).padStart(32, '0') as JobId;
        const fault = FAULTS[n % FAULTS.length];
        const isHeard = (want: Desired['want']) =>
          words.until((word) => word.jobId === jobId && word.want === want, `${want} in run ${n} (${fault})`);
        switch (fault) {
          case 'cut':
          case 'silent':
            proxy.set({ kind: fault });
            await putDesired(gateway, jobId, { run: 1, want: 'stopped' });
            break;
          case 'cut while it reads':
          case 'silent while it reads': {
            const kind = fault === 'cut while it reads' ? 'cut' : 'silent';
            proxy.set({ kind: 'cut' });
            await putDesired(gateway, jobId, { run: 1, want: 'stopped' });
            const again = nextConnection(runner);
            proxy.set({ kind: 'open' });
            await again;
            proxy.set({ kind });
            break;
          }
          default: {
            const connected = nextConnection(gateway);
            await broker.restart({ isWiped: fault === 'broker is wiped' });
            await connected;
            await putDesired(gateway, jobId, { run: 1, want: 'stopped' });
          }
        }
        proxy.set({ kind: 'open' });
        await isHeard('stopped');
        await putDesired(gateway, jobId, { run: 1, want: 'deleted' });
        await isHeard('deleted');
      }
      expect(new Set(words.items.map(({ jobId }) => jobId)).size).to.equal(RUNS);
    } finally {
      await runner.stop();
    }
  });
});
