import { expect } from 'chai';
import { temporaryFolder } from '../../../scripts/parts/temporary-folder.ts';
import { startPrivateEngine, type PrivateEngine } from '../../support/runner/private-engine.ts';
import { startScene } from '../../support/runner/scene.ts';

const sh = (command: string) => ({ rawcode: command, container: { entrypoint: 'sh $ALGO' } });

describe('an engine', () => {
  let engine: PrivateEngine;
  let release: (() => Promise<void>) | undefined;

  before(async function () {
    // Only root may run an engine of its own; a person with rights to the machine's engine alone has to do without.
    if (process.getuid?.() !== 0) this.skip();
    await using releases = new AsyncDisposableStack();
    const folder = releases.use(await temporaryFolder('engine'));
    engine = releases.use(await startPrivateEngine(folder.path));
    const kept = releases.move();
    release = () => kept.disposeAsync();
  });
  after(() => release?.());

  const aScene = () => startScene({ variables: { CAPSTAN_RUNNER_DOCKER_SOCKET: engine.socket } });

  it('that hangs is waited for: its jobs go on when it answers again', async () => {
    await using scene = await aScene();
    const running = await scene.start(sh('sleep 1; echo done'));
    await scene.until(running, 40);
    engine.freeze();
    const waiting = await scene.start(sh('echo done'));
    // It was begun before the runner noticed, or waits with its command.
    await scene.announced(
      ({ jobs, paused }) => jobs.some(({ jobId }) => jobId === waiting) || paused?.includes('does not answer') === true,
      'the waiting job at work, or the reason why it is not',
    );
    engine.thaw();
    for (const jobId of [running, waiting]) {
      expect(await scene.until(jobId, 'end')).to.include({ code: 70, attempt: 1 });
      expect(await scene.text(jobId, 'algorithm.log')).to.equal('done\n');
    }
  });
});
