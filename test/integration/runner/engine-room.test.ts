import { expect } from 'chai';
import { temporaryFolder } from '../../../scripts/parts/temporary-folder.ts';
import { watchEngine } from '../../support/engine-events.ts';
import { startEngineProxy, type Fault } from '../../support/engine-proxy.ts';
import { startScene } from '../../support/runner/scene.ts';

const sh = (command: string) => ({ rawcode: command, container: { entrypoint: 'sh $ALGO' } });

const LACKS: Readonly<Record<string, readonly [Pick<Fault, 'method' | 'path'>, string, RegExp]>> = {
  'no inode for a container': [
    { method: 'POST', path: /^\/containers\/create/ },
    'mkdir /var/lib/docker/overlay2/ab: no space left on device',
    /no space, or no inodes/,
  ],
  'no network for a start': [
    { method: 'POST', path: /\/start$/ },
    'could not find an available, non-overlapping IPv4 address pool among the defaults to assign to the network',
    /no network left/,
  ],
};

describe('an engine that has no room', function () {
  this.timeout(240_000);

  for (const [named, [call, message, reason]] of Object.entries(LACKS)) {
    it(`(${named}) makes jobs wait, with the reason, and begins them when it has some`, async () => {
      await using folder = await temporaryFolder('proxy');
      await using proxy = await startEngineProxy(folder.path);
      await using engine = await watchEngine();
      await using scene = await startScene({ variables: { CAPSTAN_RUNNER_DOCKER_SOCKET: proxy.socket } });
      const full = proxy.plant({ ...call, does: { kind: 'answer', status: 500, message } });

      const jobId = await scene.start(sh('echo done'));
      const { paused } = await scene.announced((each) => each.paused !== undefined, 'a reason to wait');
      expect(paused).to.match(reason);
      await full.until(2);
      expect(scene.codes(jobId).filter((code) => code > 30)).to.deep.equal([]);
      full[Symbol.dispose]();

      expect(await scene.until(jobId, 'end')).to.include({ code: 70, attempt: 1 });
      expect(engine.starts(jobId)).to.equal(1);
      await engine.untilGone(jobId);
    });
  }

  it('lets its owner stop a job that waits', async () => {
    await using folder = await temporaryFolder('proxy');
    await using proxy = await startEngineProxy(folder.path);
    await using scene = await startScene({ variables: { CAPSTAN_RUNNER_DOCKER_SOCKET: proxy.socket } });
    using full = proxy.plant({
      method: 'POST',
      path: /\/start$/,
      does: { kind: 'answer', status: 500, message: 'no space left on device' },
    });
    const jobId = await scene.start(sh('echo done'));
    await full.until(1);
    await scene.want(jobId, 'stopped');
    expect(await scene.until(jobId, 'end')).to.include({ code: 7 });
  });
});
