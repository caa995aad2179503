import { expect } from 'chai';
import { askEngine } from '../../../scripts/parts/engine.ts';
import { temporaryFolder, type TemporaryFolder } from '../../../scripts/parts/temporary-folder.ts';
import { startEngineProxy, type EngineProxy, type Fault } from '../../support/engine-proxy.ts';
import { namesInEngine } from '../../support/runner/names-in-engine.ts';
import { startScene, type Scene } from '../../support/runner/scene.ts';

const sh = (command: string) => ({ rawcode: command, container: { entrypoint: 'sh $ALGO' } });
const SLOW_KILL: Fault = {
  method: 'POST',
  path: /^\/containers\/[^/]+\/stop/,
  does: {
    kind: 'answer',
    status: 500,
    message: 'cannot stop container: tried to kill container, but did not receive an exit event',
  },
};

describe('an engine that answers a stop with 500', () => {
  let folder: TemporaryFolder;
  let proxy: EngineProxy;
  let scene: Scene;
  before(async () => {
    folder = await temporaryFolder('refused-stop');
    proxy = await startEngineProxy(folder.path);
    scene = await startScene({ variables: { CAPSTAN_RUNNER_DOCKER_SOCKET: proxy.socket } });
  });
  after(async () => {
    await scene[Symbol.asyncDispose]();
    await proxy[Symbol.asyncDispose]();
    await folder[Symbol.asyncDispose]();
  });

  const running = async () => {
    const jobId = await scene.start(sh('echo kept > /data/outputs/a; sleep 600'));
    await scene.until(jobId, 40);
    return jobId;
  };

  it('is asked again until the job has stopped, which keeps its outputs', async () => {
    const jobId = await running();
    using fault = proxy.plant({ ...SLOW_KILL, times: 3 });
    await scene.want(jobId, 'stopped');
    expect((await scene.until(jobId, 'end')).code).to.equal(7);
    expect(fault.met()).to.equal(3);
    expect(await scene.text(jobId, 'a')).to.equal('kept\n');
  });

  it('is not waited for once the container has ended all the same', async () => {
    const jobId = await running();
    using fault = proxy.plant(SLOW_KILL);
    await scene.want(jobId, 'stopped');
    await fault.until(1);
    await askEngine('POST', `/containers/${namesInEngine(scene.dataDir, jobId).algorithm}/kill`);
    expect((await scene.until(jobId, 'end')).code).to.equal(7);
    const next = await scene.start(sh('true'));
    expect((await scene.until(next, 'end')).code).to.equal(70);
  });
});
