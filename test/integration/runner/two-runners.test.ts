import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { broadcast } from '@capstan/shared/bus/publish';
import { announceSubject } from '@capstan/shared/bus/subjects';
import type { Manifest } from '@capstan/shared/results/manifest';
import { startTcpProxy } from '../../support/tcp-proxy.ts';
import { watchEngine } from '../../support/engine-events.ts';
import { untilFirstOutput } from '../../support/runner/first-output.ts';
import { startPrivateEngine, type PrivateEngine } from '../../support/runner/private-engine.ts';
import { startScene, type Scene } from '../../support/runner/scene.ts';

const sh = (command: string) => ({ rawcode: command, container: { entrypoint: 'sh $ALGO' } });
/** Goes on until it is stopped. */
const ENDLESS = sh('echo started; while :; do sleep 1; done');

const TAKEN = ({ environment }: Scene) =>
  `Another runner with the id ${environment} is at work on this NATS. Stop it, or give this one an id of its own (runner.id).`;

/** The same for both. */
const TAKEOVER_S = '6';

describe('two runners', () => {
  let scene: Scene;
  let engine: PrivateEngine;
  let otherDir: string;

  before(async function () {
    scene = await startScene({ limits: { maxJobs: 1 }, variables: { CAPSTAN_RUNNER_TAKEOVER_AFTER_S: TAKEOVER_S } });
    engine = await startPrivateEngine(join(scene.dataDir, 'engine'));
    otherDir = join(scene.dataDir, 'other');
    await mkdir(otherDir);
  });
  after(async () => {
    await engine[Symbol.asyncDispose]();
    await scene[Symbol.asyncDispose]();
  });

  /** In the folder of the one that was refused, as its advice says: what the first has started is not its own for that. */
  const other = () => ({
    CAPSTAN_RUNNER_ID: `${scene.environment}-other`,
    CAPSTAN_RUNNER_DOCKER_SOCKET: engine.socket,
    CAPSTAN_DATA_DIR: otherDir,
    CAPSTAN_NODE_KEY_FILE: join(scene.dataDir, 'node.key'),
  });

  describe('under one id', () => {
    it('are one too many: the second is refused, and says what to do', async () => {
      const second = await scene.anotherRunner({ CAPSTAN_DATA_DIR: otherDir }, true);
      const refusal = await second.untilLogged(TAKEN(scene));
      expect(refusal).to.include({ level: 'error', code: 'RUNNER_ID_TAKEN' });
      expect((await second.exited).code).to.equal(1);
    });

    it('are not made of one by whoever announces another, or repeats what one said before', async () => {
      const own = await scene.announced(() => true, 'an announcement');
      for (const [instance, since] of [
        ['00000000-0000-0000-0000-000000000000', 1],
        ['forged', 0],
      ] as const) {
        broadcast(scene.bus, announceSubject(scene.environment), { ...own, instance, since });
      }
      await scene.runner().until({
        match: (line) => (line.includes('somebody announces a runner under the id of this one') ? true : undefined),
        what: 'a word on it',
        limitMs: 20_000,
      });
      const jobId = await scene.start(sh('true'));
      expect((await scene.until(jobId, 'end')).code).to.equal(70);
      expect(scene.runner().lastLines(500).join('\n')).not.to.contain('RUNNER_ID_TAKEN');
    });

    it('that a partition kept apart hear of each other when it is over, and the later ends', async () => {
      await scene.runner().stop();
      await using proxy = await startTcpProxy(scene.natsPort);
      const earlier = await scene.anotherRunner({
        CAPSTAN_NATS_SERVERS: JSON.stringify([`nats://127.0.0.1:${proxy.port}`]),
      });
      proxy.set({ kind: 'cut' });
      await scene.restartRunner();
      const later = scene.runner();
      proxy.set({ kind: 'open' });
      expect(await later.untilLogged(TAKEN(scene))).to.include({ code: 'RUNNER_ID_TAKEN' });
      expect((await later.exited).code).to.equal(1);
      await earlier.stop();
      await scene.restartRunner();
    });

    it('are not taken for two when one follows the other, killed or not', async () => {
      await scene.runner().kill();
      await scene.restartRunner();
      await scene.runner().stop();
      await scene.restartRunner();
    });
  });

  describe('with engines of their own', () => {
    it('share the work of an environment', async () => {
      const second = await scene.anotherRunner(other());
      const jobs = [await scene.start(ENDLESS), await scene.start(ENDLESS)];
      for (const jobId of jobs) await scene.until(jobId, 40);
      for (const jobId of jobs) await scene.want(jobId, 'stopped');
      for (const jobId of jobs) expect((await scene.until(jobId, 'end')).code).to.equal(7);
      await second.stop();
    });

    it('take over what the other one died over, as the next attempt, and the dead one clears away what it finds', async () => {
      await using first = await watchEngine();
      const jobId = await scene.start(ENDLESS);
      await scene.until(jobId, 40);
      await untilFirstOutput(jobId);
      const second = await scene.anotherRunner(other());
      // Before it knows, its jobs are its own for a day.
      await scene.runner().untilLogged('a lease that others may wait for');
      await scene.runner().kill();
      await second.untilLogged('going on with the job of a runner that is away');
      const again = await scene.until(jobId, 40, 2);
      expect(again).to.include({ run: 1, attempt: 2 });

      await scene.restartRunner();
      await first.untilGone(jobId);
      expect(first.starts(jobId)).to.equal(1);
      await scene.want(jobId, 'stopped');
      expect(await scene.until(jobId, 'end')).to.include({ code: 7, attempt: 2 });
      const manifest = await readFile(join(otherDir, 'results', jobId, '1', 'manifest.json'), 'utf8');
      expect(JSON.parse(manifest) as Manifest).to.include({ code: 7, attempt: 2 });
      await second.stop();
    });

    it('leave a job to the one that started it, as long as that one may come back', async () => {
      const jobId = await scene.start(ENDLESS);
      await scene.until(jobId, 40);
      await untilFirstOutput(jobId);
      const second = await scene.anotherRunner({ ...other(), CAPSTAN_RUNNER_TAKEOVER_AFTER_S: '600' });
      await scene.runner().kill();
      await second.untilLogged('another runner has started it');
      await scene.restartRunner();
      await scene.want(jobId, 'stopped');
      expect(await scene.until(jobId, 'end')).to.include({ code: 7, attempt: 1 });
      await second.stop();
    });
  });
});
