/** An exit that falls into the engine's own end says nothing about the algorithm. On an engine of one's own, ended in each way. */
import { expect } from 'chai';
import type { JobId } from '@capstan/shared/contract/ids';
import { askEngine } from '../../../scripts/parts/engine.ts';
import { temporaryFolder } from '../../../scripts/parts/temporary-folder.ts';
import { cutPower, endProgram, killContainerd, killDaemon, unmountBelow } from '../../support/runner/engine-crash.ts';
import { algorithmOf } from '../../support/runner/names-in-engine.ts';
import { untilFirstOutput } from '../../support/runner/first-output.ts';
import { startPrivateEngine, type PrivateEngine } from '../../support/runner/private-engine.ts';
import { startScene, type Scene } from '../../support/runner/scene.ts';

const LIMIT_MS = 50_000;

/** Goes on until it is asked to end, and leaves something half done. */
const untilSignal = (onTerm: string) => ({
  rawcode: `
    const { writeFileSync } = require('node:fs');
    process.on('SIGTERM', () => { writeFileSync('/data/outputs/half', 'half done'); ${onTerm} });
    setInterval(() => {}, 1e6);
    console.log('began');`,
});
const CHECKPOINTS = untilSignal('process.exit(0);');
const WRITES_ON = untilSignal("console.log('x'.repeat(10_000)); console.log('the end'); process.exit(0);");
const GIVES_UP = untilSignal('process.exit(7);');

/** Once, at the end. */
const OPEN_END = /^(?!.*may be missing.*may be missing).*\n\[the end of the log may be missing here: [^\n]*\]\n$/s;

describe('a job whose engine', function () {
  this.timeout(120_000);
  let dir: string;
  let engine: PrivateEngine;
  let release: (() => Promise<void>) | undefined;

  beforeEach(async function () {
    // Only root may run an engine of its own.
    if (process.getuid?.() !== 0) this.skip();
    await using releases = new AsyncDisposableStack();
    ({ path: dir } = releases.use(await temporaryFolder('engine')));
    releases.defer(() => unmountBelow(dir));
    engine = releases.use(await startPrivateEngine(dir));
    const kept = releases.move();
    release = () => kept.disposeAsync();
  });
  afterEach(() => release?.());

  const aScene = (variables: Readonly<Record<string, string>> = {}) =>
    startScene({ variables: { CAPSTAN_RUNNER_DOCKER_SOCKET: engine.socket, ...variables } });

  const untilRunning = async (scene: Scene, jobId: JobId, attempt = 1) => {
    await scene.until(jobId, 40, attempt, LIMIT_MS);
    await untilFirstOutput(jobId, { socketPath: engine.socket, attempt });
  };

  /** The second attempt runs, and its first one has ended nothing. */
  const expectAnotherAttempt = async (scene: Scene, jobId: JobId) => {
    await scene.until(jobId, 40, 2, LIMIT_MS);
    await scene.want(jobId, 'stopped');
    const { code, attempt } = await scene.until(jobId, 'end', undefined, LIMIT_MS);
    expect([code, attempt]).to.deep.equal([7, 2]);
  };

  for (const [what, algorithm] of Object.entries({
    'checkpoints and exits with 0 when it is asked to end': CHECKPOINTS,
    'exits with a code of its own when it is asked to end': GIVES_UP,
  })) {
    it(`is restarted begins again, though it ${what}`, async () => {
      await using scene = await aScene();
      const jobId = await scene.start(algorithm);
      await untilRunning(scene, jobId);
      await engine.stop();
      await engine.start();
      await expectAnotherAttempt(scene, jobId);
    });
  }

  it('crashes, and stops what still runs when it is back, begins again', async () => {
    await using scene = await aScene();
    const jobId = await scene.start(CHECKPOINTS);
    await untilRunning(scene, jobId);
    await killDaemon(dir);
    await engine.start();
    await expectAnotherAttempt(scene, jobId);
  });

  it('is lost with the power, and the runner with it, begins again', async () => {
    await using scene = await aScene();
    const jobId = await scene.start(CHECKPOINTS);
    await untilRunning(scene, jobId);
    await scene.runner().kill();
    await cutPower(dir);
    await engine.start();
    await scene.restartRunner();
    await expectAnotherAttempt(scene, jobId);
  });

  it('has missed an exit does not wait for it until the time is over', async () => {
    await using scene = await aScene();
    const jobId = await scene.start(CHECKPOINTS);
    await untilRunning(scene, jobId);
    await killContainerd(dir);
    await expectAnotherAttempt(scene, jobId);
  });

  it('ends over it three times ends with a sentence that says so, and never as completed', async () => {
    await using scene = await aScene();
    const jobId = await scene.start(CHECKPOINTS);
    for (const attempt of [1, 2, 3]) {
      await untilRunning(scene, jobId, attempt);
      await engine.stop();
      await engine.start();
    }
    const { code, attempt, details } = await scene.until(jobId, 'end', undefined, LIMIT_MS);
    expect([code, attempt]).to.deep.equal([41, 3]);
    expect(details.termination).to.include({ exitCode: null, signal: null });
    expect(details.termination?.reason).to.contain(
      'The container engine was stopped or restarted while the algorithm ran',
    );
    expect(await scene.text(jobId, 'half'), 'what there is').to.equal('half done');
    expect(await scene.text(jobId, 'algorithm.log')).to.match(OPEN_END);
  });

  it('is away when it ends has a log that says so where it ends', async () => {
    await using scene = await aScene();
    const jobId = await scene.start(WRITES_ON);
    await untilRunning(scene, jobId);
    const socketPath = engine.socket;
    const { body } = await askEngine('GET', `/containers/${await algorithmOf(jobId, { socketPath })}/json`, {
      socketPath,
    });
    const { State: state } = JSON.parse(body) as { readonly State: { readonly Pid: number } };
    await killDaemon(dir);
    await endProgram(state.Pid, 'SIGTERM');
    // Of one that is to end anyhow there is no next attempt: what it left is published.
    await scene.want(jobId, 'stopped');
    await engine.start();
    expect(await scene.until(jobId, 'end', undefined, LIMIT_MS)).to.include({ code: 7, attempt: 1 });
    const log = await scene.text(jobId, 'algorithm.log');
    expect(log).to.match(/^began\n/);
    expect(log).to.match(OPEN_END);
  });
});
