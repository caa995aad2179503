import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { putDesired } from '@capstan/shared/bus/desired';
import type { EnvironmentId, JobId } from '@capstan/shared/contract/ids';
import type { AttemptOwner } from '@capstan/shared/contract/messages';
import { leftoversOf } from '../../../scripts/parts/engine.ts';
import { watchEngine } from '../../support/engine-events.ts';
import { untilFirstOutput } from '../../support/runner/first-output.ts';
import { startPrivateEngine } from '../../support/runner/private-engine.ts';
import { newJobId, startScene, type Scene } from '../../support/runner/scene.ts';
import { specOf } from '../../support/runner/spec.ts';
import { startTcpProxy } from '../../support/tcp-proxy.ts';

const sh = (command: string) => ({ rawcode: command, container: { entrypoint: 'sh $ALGO' } });
const ENDLESS = sh('echo started; while :; do sleep 1; done');

describe('a start', function () {
  this.timeout(120_000);

  describe('that the gateway is to answer', () => {
    let scene: Scene;
    before(async () => {
      scene = await startScene();
    });
    after(() => scene[Symbol.asyncDispose]());

    const send = async (startedBy?: AttemptOwner) => {
      const jobId = newJobId();
      const spec = specOf(sh('echo it ran'), { environment: scene.environment, key: scene.key });
      await scene.sendRaw({ v: 1, jobId, run: 1, spec, confirmsStarts: true, ...(startedBy ? { startedBy } : {}) });
      return jobId;
    };
    /** It was asked, and asks again: what was said before is no answer. */
    const asked = (jobId: JobId) =>
      scene.runner().until({
        match: (line) =>
          (line.includes('a start waits for the answer to its claim') && line.includes(jobId)) || undefined,
        what: 'the question whose the attempt is',
        limitMs: 20_000,
      });
    const answer = (jobId: JobId, start: AttemptOwner) => putDesired(scene.bus, jobId, { run: 1, want: 'run', start });
    const containers = async () => (await leftoversOf((id) => id === scene.environment)).containers;

    it('waits until it is answered, and there is no container before', async () => {
      const jobId = await send();
      await asked(jobId);
      expect(await containers()).to.deep.equal([]);
      await answer(jobId, { attempt: 1, runnerId: scene.environment });
      expect((await scene.until(jobId, 'end')).code).to.equal(70);
    });

    it('is not made where the attempt is another runner’s', async () => {
      await using engine = await watchEngine();
      const jobId = await send();
      await asked(jobId);
      await answer(jobId, { attempt: 1, runnerId: 'another' });
      await scene.runner().untilLogged('another runner has started it');
      expect(engine.starts(jobId)).to.equal(0);
      expect(await containers()).to.deep.equal([]);
    });

    it('is not even prepared where its command names another runner, whatever the broker has forgotten', async () => {
      await using engine = await watchEngine();
      const jobId = await send({ attempt: 1, runnerId: 'yet-another' });
      await scene.runner().until({
        match: (line) => (line.includes('yet-another') ? true : undefined),
        what: 'word of the other runner',
        limitMs: 20_000,
      });
      expect(scene.codes(jobId)).to.deep.equal([]);
      expect(engine.starts(jobId)).to.equal(0);
      // It comes again every few seconds: that is no news.
      const entry = await scene.runner().until({
        match: (line) => (/yet-another.*started it/.test(line) && line.includes('"level":"debug"') ? line : undefined),
        what: 'the same word again, for who looks closely',
        limitMs: 20_000,
      });
      expect(entry).to.include(jobId);
    });
  });

  describe('of a run that a runner can not look after any more', () => {
    it('is made elsewhere only after that runner has ended its own', async () => {
      await using first = await startScene({
        limits: { maxJobs: 1 },
        variables: { CAPSTAN_RUNNER_TAKEOVER_AFTER_S: '6' },
      });
      await using engine = await startPrivateEngine(join(first.dataDir, 'engine'));
      await using proxy = await startTcpProxy(first.natsPort);
      await using events = await watchEngine();
      const otherDir = join(first.dataDir, 'other');
      await mkdir(otherDir);
      await first.runner().stop();
      const servers = (port: number) => JSON.stringify([`nats://127.0.0.1:${port}`]);
      const cut = await first.anotherRunner({ CAPSTAN_NATS_SERVERS: servers(proxy.port) });
      const jobId = await first.start(ENDLESS);
      await first.until(jobId, 40);
      await untilFirstOutput(jobId);
      const other = await first.anotherRunner({
        CAPSTAN_RUNNER_ID: `${first.environment}-other` as EnvironmentId,
        CAPSTAN_RUNNER_DOCKER_SOCKET: engine.socket,
        CAPSTAN_DATA_DIR: otherDir,
        CAPSTAN_NODE_KEY_FILE: join(first.dataDir, 'node.key'),
      });
      await cut.untilLogged('a lease that others may wait for');
      proxy.set({ kind: 'silent' });
      await first.until(jobId, 40, 2, 60_000);
      // Nothing of it is left where it ran first.
      expect((await leftoversOf((id) => id === first.environment)).containers).to.deep.equal([]);
      expect(events.starts(jobId)).to.equal(1);
      proxy.set({ kind: 'open' });
      await first.want(jobId, 'stopped');
      expect(await first.until(jobId, 'end')).to.include({ code: 7, attempt: 2 });
      await other.stop();
    });
  });
});
