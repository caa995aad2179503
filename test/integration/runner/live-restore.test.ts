/** With `live-restore` containers outlive their engine: an engine that restarts, or is upgraded, says nothing about the jobs in it. */
import { expect } from 'chai';
import type { JobId } from '@capstan/shared/contract/ids';
import { askEngine } from '../../../scripts/parts/engine.ts';
import { temporaryFolder } from '../../../scripts/parts/temporary-folder.ts';
import { endProgram, killDaemon, unmountBelow } from '../../support/runner/engine-crash.ts';
import { untilFirstOutput } from '../../support/runner/first-output.ts';
import { algorithmOf } from '../../support/runner/names-in-engine.ts';
import { startPrivateEngine, type PrivateEngine } from '../../support/runner/private-engine.ts';
import { startScene, type Scene } from '../../support/runner/scene.ts';

/** Ends when it is told to, with a code of its own, and tells if anything else asks it to end. */
const algorithm = (exitCode: number) => ({
  rawcode: `
    const { writeFileSync } = require('node:fs');
    process.on('SIGTERM', () => console.log('asked to end'));
    process.on('SIGUSR2', () => { writeFileSync('/data/outputs/whole', 'whole'); console.log('the end'); process.exit(${exitCode}); });
    setInterval(() => {}, 1e6);
    console.log('began');`,
});

describe('a job on an engine that lets containers live', function () {
  this.timeout(240_000);
  let dir: string;
  let engine: PrivateEngine;
  let release: (() => Promise<void>) | undefined;

  before(async function () {
    if (process.getuid?.() !== 0) this.skip();
    await using releases = new AsyncDisposableStack();
    ({ path: dir } = releases.use(await temporaryFolder('live-restore')));
    releases.defer(() => unmountBelow(dir));
    engine = releases.use(await startPrivateEngine(dir, { settings: { 'live-restore': true } }));
    const kept = releases.move();
    release = () => kept.disposeAsync();
  });
  after(() => release?.());

  const aScene = () => startScene({ variables: { CAPSTAN_RUNNER_DOCKER_SOCKET: engine.socket } });
  const begin = async (scene: Scene, exitCode: number) => {
    const jobId = await scene.start(algorithm(exitCode));
    await scene.until(jobId, 40);
    await untilFirstOutput(jobId, { socketPath: engine.socket });
    return jobId;
  };
  const containerOf = (jobId: JobId) => algorithmOf(jobId, { socketPath: engine.socket });
  const pidOf = async (name: string) => {
    const { body } = await askEngine('GET', `/containers/${name}/json`, { socketPath: engine.socket });
    return (JSON.parse(body) as { readonly State: { readonly Pid: number } }).State.Pid;
  };
  const tellToEnd = async (jobId: JobId) => {
    const path = `/containers/${await containerOf(jobId)}/kill?signal=SIGUSR2`;
    expect((await askEngine('POST', path, { socketPath: engine.socket })).status).to.equal(204);
  };
  /** The same program in the same container, which nobody asked to end. */
  const expectOwnEnd = async (scene: Scene, jobId: JobId, [code, exitCode]: readonly [number, number]) => {
    const ended = await scene.until(jobId, 'end');
    expect([ended.code, ended.attempt, ended.details.termination?.exitCode]).to.deep.equal([code, 1, exitCode]);
    expect(await scene.text(jobId, 'algorithm.log')).to.equal('began\nthe end\n');
    expect(await scene.text(jobId, 'whole')).to.equal('whole');
  };

  const RESTARTS = {
    'is restarted': () => engine.stop(),
    crashes: () => killDaemon(dir),
  };
  for (const [what, end] of Object.entries(RESTARTS)) {
    it(`that ${what} goes on in its container, and its exit counts`, async () => {
      await using scene = await aScene();
      const jobs = [await begin(scene, 0), await begin(scene, 7)] as const;
      const pids = await Promise.all(jobs.map(async (jobId) => pidOf(await containerOf(jobId))));
      await end();
      await engine.start();
      expect(await Promise.all(jobs.map(async (jobId) => pidOf(await containerOf(jobId))))).to.deep.equal(pids);
      for (const jobId of jobs) await tellToEnd(jobId);
      await expectOwnEnd(scene, jobs[0], [70, 0]);
      await expectOwnEnd(scene, jobs[1], [41, 7]);
    });
  }

  it('that is away while its runner restarts as well goes on in its container', async () => {
    await using scene = await aScene();
    const jobId = await begin(scene, 0);
    await engine.stop();
    await scene.runner().kill();
    await engine.start();
    await scene.restartRunner();
    await tellToEnd(jobId);
    await expectOwnEnd(scene, jobId, [70, 0]);
  });

  it('that is away when it exits is never told as completed with less than it wrote', async () => {
    await using scene = await aScene();
    const jobId = await begin(scene, 0);
    const pid = await pidOf(await containerOf(jobId));
    await engine.stop();
    await endProgram(pid, 'SIGUSR2');
    await engine.start();
    // Nobody read its last line: it is begun once more.
    await scene.until(jobId, 40, 2);
    await untilFirstOutput(jobId, { socketPath: engine.socket, attempt: 2 });
    await scene.want(jobId, 'stopped');
    expect(await scene.until(jobId, 'end')).to.include({ code: 7, attempt: 2 });
  });
});
