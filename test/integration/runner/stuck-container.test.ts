import { expect } from 'chai';
import { temporaryFolder } from '../../../scripts/parts/temporary-folder.ts';
import { startEngineProxy } from '../../support/engine-proxy.ts';
import { namesInEngine } from '../../support/runner/names-in-engine.ts';
import { newJobId, startScene } from '../../support/runner/scene.ts';

const FOR_EVER = { rawcode: 'while :; do sleep 1; done', container: { entrypoint: 'sh $ALGO' } };
const SHORT = { rawcode: 'true', container: { entrypoint: 'sh $ALGO' } };

/** Engines are stuck with one container now and then, and answer all else. */
describe('an engine that does not say how one container is', function () {
  this.timeout(240_000);

  const inspectOf = (name: string) => new RegExp(`^/containers/${name}/json`);

  it('keeps no runner from beginning, nor other jobs from theirs; the job itself can be stopped, and is not taken for lost', async () => {
    await using folder = await temporaryFolder('stuck-container');
    await using proxy = await startEngineProxy(folder.path);
    await using scene = await startScene({ variables: { CAPSTAN_RUNNER_DOCKER_SOCKET: proxy.socket } });
    const jobId = await scene.start(FOR_EVER);
    await scene.until(jobId, 40);
    const { algorithm } = namesInEngine(scene.dataDir, jobId);
    using fault = proxy.plant({ method: 'GET', path: inspectOf(algorithm), does: { kind: 'hang' } });
    await scene.runner().kill();
    await scene.restartRunner();
    expect(fault.met(), 'it was asked for').to.be.greaterThan(0);
    const other = await scene.start(SHORT);
    expect((await scene.until(other, 'end')).code).to.equal(70);
    expect(scene.codes(jobId), 'it goes on').not.to.include(7);
    await scene.want(jobId, 'stopped');
    const { code, details } = await scene.until(jobId, 'end');
    expect(code).to.equal(7);
    expect(details.termination?.reason).to.equal(
      'The job was stopped on request. The container engine does not say how the container of the algorithm is, so nobody knows whether it ran.',
    );
    await scene.cleared(jobId, 'ended');
  });

  it('does not keep its algorithm from being stopped', async () => {
    await using folder = await temporaryFolder('stuck-container');
    await using proxy = await startEngineProxy(folder.path);
    await using scene = await startScene({ variables: { CAPSTAN_RUNNER_DOCKER_SOCKET: proxy.socket } });
    const jobId = newJobId();
    const { algorithm } = namesInEngine(scene.dataDir, jobId);
    using stopping = proxy.plant({
      method: 'POST',
      path: new RegExp(`^/containers/${algorithm}/stop`),
      does: { kind: 'cut' },
      times: 1,
    });
    {
      using fault = proxy.plant({ method: 'GET', path: inspectOf(algorithm), does: { kind: 'hang' } });
      await scene.start(FOR_EVER, { jobId, messageId: jobId });
      await scene.until(jobId, 40);
      await scene.want(jobId, 'stopped');
      await stopping.until(1);
      // At the latest, it is asked how it exited.
      await fault.until(1);
    }
    expect((await scene.until(jobId, 'end')).code).to.equal(7);
  });
});
