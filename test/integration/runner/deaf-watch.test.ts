/** The way between a runner and its broker breaks in each way: the runner hears afterwards what is wanted of the jobs that it has in hand. */
import { expect } from 'chai';
import type { JobId } from '@capstan/shared/contract/ids';
import { STATUS } from '@capstan/shared/contract/status';
import { startScene, type Scene } from '../../support/runner/scene.ts';
import { startTcpProxy, type TcpProxy } from '../../support/tcp-proxy.ts';
import type { RunningService } from '../../../scripts/parts/service.ts';

const FOR_EVER = { rawcode: 'echo began; sleep 600', container: { entrypoint: 'sh $ALGO' } };
const LIMIT_MS = 60_000;
const WORDS_BEFORE = 5;

interface Broken {
  readonly scene: Scene;
  readonly proxy: TcpProxy;
  /** Said while the way is broken, where a broker is there to hear it. */
  readonly say: () => Promise<void>;
  /** The runner has noticed. */
  readonly untilLost: () => Promise<unknown>;
}

const FAULTS: Readonly<Record<string, (broken: Broken) => Promise<void>>> = {
  async 'was cut off'({ proxy, say }) {
    proxy.set({ kind: 'cut' });
    await say();
    proxy.set({ kind: 'open' });
  },
  async 'heard nothing for a while'({ proxy, say, untilLost }) {
    proxy.set({ kind: 'silent' });
    await say();
    await untilLost();
    proxy.set({ kind: 'open' });
  },
  async 'saw its broker restart'({ scene, say }) {
    await scene.restartNats();
    await say();
  },
  async 'saw its broker lose all its memory'({ scene, say }) {
    await scene.wipeNats();
    await say();
  },
};

describe('a runner that', function () {
  this.timeout(180_000);

  const untilReconnected = (runner: RunningService) => {
    let isLost = false;
    return runner.until({
      match(line) {
        isLost ||= line.includes('NATS connection lost');
        return isLost && line.includes('"NATS connected"') ? true : undefined;
      },
      what: 'its next connection',
      limitMs: LIMIT_MS,
    });
  };

  const untilLost = (runner: RunningService) =>
    runner.until({
      match: (line) => (line.includes('NATS connection lost') ? true : undefined),
      what: 'the loss of its connection',
      limitMs: LIMIT_MS,
    });

  for (const [what, fault] of Object.entries(FAULTS)) {
    it(`${what} hears of the ends of its jobs, those said meanwhile and those said later`, async () => {
      await using scene = await startScene({ limits: { maxJobs: 3 } });
      await scene.runner().stop();
      await using proxy = await startTcpProxy(scene.natsPort);
      const runner = await scene.anotherRunner({
        CAPSTAN_NATS_SERVERS: JSON.stringify([`nats://127.0.0.1:${proxy.port}`]),
      });
      const jobs = [await scene.start(FOR_EVER), await scene.start(FOR_EVER), await scene.start(FOR_EVER)];
      const [meanwhile, stopped, deleted] = jobs as [JobId, JobId, JobId];
      for (const jobId of jobs) await scene.until(jobId, STATUS.running.code);
      // Heard words have places in the bucket; those of a broker that was wiped stand before them.
      for (let round = 0; round < WORDS_BEFORE; round += 1) for (const jobId of jobs) await scene.want(jobId, 'run');
      await fault({
        scene,
        proxy,
        say: () => scene.want(meanwhile, 'stopped'),
        untilLost: () => untilLost(runner),
      });
      const endOf = async (jobId: JobId) => (await scene.until(jobId, 'end', undefined, LIMIT_MS)).code;
      expect(await endOf(meanwhile)).to.equal(STATUS.stopped.code);
      await untilReconnected(runner);
      await scene.want(stopped, 'stopped');
      await scene.want(deleted, 'deleted');
      expect(await endOf(stopped)).to.equal(STATUS.stopped.code);
      expect(await endOf(deleted)).to.equal(STATUS.deleted.code);
    });
  }
});
