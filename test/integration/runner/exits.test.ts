/** An exit is heard by the stream of events, or by the wait below it: each of them is enough, and a stream that breaks goes on where it was. */
import { expect } from 'chai';
import { temporaryFolder } from '../../../scripts/parts/temporary-folder.ts';
import { startEngineProxy, type Deed, type EngineProxy } from '../../support/engine-proxy.ts';
import { startScene, type Scene } from '../../support/runner/scene.ts';

const sh = (rawcode: string) => ({ rawcode, container: { entrypoint: 'sh $ALGO' } });
const EVENTS = { method: 'GET', path: /^\/events/ } as const;
const WAIT = { method: 'POST', path: /^\/containers\/[^/]+\/wait/ } as const;

describe('an exit', function () {
  this.timeout(120_000);
  let proxy: EngineProxy;
  let scene: Scene;
  let release: (() => Promise<void>) | undefined;

  before(async () => {
    await using releases = new AsyncDisposableStack();
    const folder = releases.use(await temporaryFolder('exits'));
    proxy = releases.use(await startEngineProxy(folder.path));
    scene = releases.use(await startScene({ variables: { CAPSTAN_RUNNER_DOCKER_SOCKET: proxy.socket } }));
    const kept = releases.move();
    release = () => kept.disposeAsync();
  });
  after(() => release?.());

  /** The runner listens anew, over a stream that does this. */
  const restartWith = async (does: Deed) => {
    await scene.runner().stop();
    const fault = proxy.plant({ ...EVENTS, does });
    await scene.restartRunner();
    await fault.until(1);
    return fault;
  };
  const endsWith = async (code: number) => {
    const jobId = await scene.start(sh(`sleep 0.5; exit ${code}`));
    const { termination } = (await scene.until(jobId, 'end')).details;
    expect(termination?.exitCode).to.equal(code);
    expect(scene.codes(jobId)).to.include(40);
  };

  it('is heard by the wait where the stream of events stays silent', async () => {
    using stream = await restartWith({ kind: 'mute' });
    await endsWith(0);
    await endsWith(3);
    expect(stream.met(), 'it is still taken for a stream').to.equal(1);
  });

  it('is heard by the stream of events where the wait is never answered', async () => {
    await scene.runner().stop();
    await scene.restartRunner();
    using wait = proxy.plant({ ...WAIT, does: { kind: 'hang' } });
    await endsWith(0);
    await endsWith(3);
    expect(wait.met()).to.be.at.least(2);
  });

  it('is heard by the stream that comes after one that broke off, from where that was', async () => {
    const fault = await restartWith({ kind: 'mute' });
    using wait = proxy.plant({ ...WAIT, does: { kind: 'hang' } });
    const before = await scene.start(sh('exit 4'));
    await wait.until(1);
    // Its stream breaks, and the next one is as it should be.
    fault[Symbol.dispose]();
    const after = await scene.start(sh('exit 5'));
    for (const [jobId, code] of [
      [after, 5],
      [before, 4],
    ] as const) {
      const { termination } = (await scene.until(jobId, 'end')).details;
      expect(termination?.exitCode).to.equal(code);
    }
  });

  it('is told once, whatever a stream says that breaks off again and again', async () => {
    using stream = await restartWith({ kind: 'cut', afterBytes: 700 });
    await endsWith(0);
    await endsWith(3);
    await stream.until(2);
  });
});
