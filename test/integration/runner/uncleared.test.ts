import { expect } from 'chai';
import { broadcast } from '@capstan/shared/bus/publish';
import { WHAT_IS_LEFT } from '@capstan/shared/bus/subjects';
import { askEngine } from '../../../scripts/parts/engine.ts';
import { temporaryFolder } from '../../../scripts/parts/temporary-folder.ts';
import { watchEngine } from '../../support/engine-events.ts';
import { startEngineProxy } from '../../support/engine-proxy.ts';
import { namesInEngine } from '../../support/runner/names-in-engine.ts';
import { startScene } from '../../support/runner/scene.ts';

const sh = (command: string) => ({ rawcode: command, container: { entrypoint: 'sh $ALGO' } });
const LEFT = 'the engine does not let go what a run has left: somebody must act; it is tried again regularly';

describe('what the engine does not let go', function () {
  this.timeout(240_000);

  it("is an operator's to free: the run has ended, its place is another's, and it goes as soon as it can", async () => {
    await using engine = await watchEngine();
    await using scene = await startScene({ variables: { CAPSTAN_RUNNER_REAP_EVERY_S: '1' }, limits: { maxJobs: 1 } });
    const jobId = await scene.start(sh('sleep 1'));
    await scene.until(jobId, 40);
    // As backup tools do, and people who look into a volume.
    const { body } = await askEngine('POST', '/containers/create', {
      body: {
        Image: 'localhost/capstan/node-demo:24',
        Entrypoint: ['/never-started'],
        HostConfig: {
          NetworkMode: 'none',
          Mounts: [{ Type: 'volume', Source: namesInEngine(scene.dataDir, jobId).volumes.outputs, Target: '/backup' }],
        },
      },
    });
    const { Id: backup } = JSON.parse(body) as { readonly Id: string };
    try {
      expect((await scene.until(jobId, 'end')).code).to.equal(70);
      expect(await scene.runner().untilLogged(LEFT)).to.include({ level: 'error', jobId });
      await scene.announced(({ troubles }) => troubles?.length === 1, 'a trouble');

      const next = await scene.start(sh('echo its place is free'));
      expect((await scene.until(next, 'end')).code).to.equal(70);
      await engine.untilGone(next);
      // Asked for both: of the first, something is left.
      expect((await scene.cleared(next, 'ended')).runs).to.deep.equal([{ jobId: next, run: 1 }]);
      broadcast(scene.bus, WHAT_IS_LEFT, { v: 1, runs: [jobId, next].map((id) => ({ jobId: id, run: 1 })) });
      expect((await scene.cleared(next, 'none')).runs).to.deep.equal([{ jobId: next, run: 1 }]);
    } finally {
      await askEngine('DELETE', `/containers/${backup}?force=1`);
    }
    await scene.cleared(jobId, 'ended');
    await engine.untilGone(jobId);
    await scene.announced(({ troubles }) => troubles === undefined, 'no trouble any more');
  });

  it('of a job that was deleted is only cleared away, also by a runner that comes back', async () => {
    await using folder = await temporaryFolder('proxy');
    await using proxy = await startEngineProxy(folder.path);
    await using engine = await watchEngine();
    await using scene = await startScene({ variables: { CAPSTAN_RUNNER_DOCKER_SOCKET: proxy.socket } });
    const jobId = await scene.start(sh('sleep 600'));
    await scene.until(jobId, 40);
    const refused = proxy.plant({
      method: 'DELETE',
      path: /^\/(containers|volumes)/,
      does: {
        kind: 'answer',
        status: 500,
        message: 'driver failed to remove root filesystem: device or resource busy',
      },
    });
    await scene.want(jobId, 'deleted');
    expect((await scene.until(jobId, 'end')).code).to.equal(8);
    await scene.runner().untilLogged(LEFT);
    await scene.runner().kill();
    refused[Symbol.dispose]();

    await scene.restartRunner();
    await engine.untilGone(jobId);
    expect(engine.starts(jobId)).to.equal(1);
    expect(scene.codes(jobId).at(-1)).to.equal(8);
  });
});
