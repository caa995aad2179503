import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { watchEngine, type EngineEvents } from '../../support/engine-events.ts';
import { untilFirstOutput } from '../../support/runner/first-output.ts';
import { newJobId, startScene, type Scene } from '../../support/runner/scene.ts';

const sh = (command: string) => ({ rawcode: command, container: { entrypoint: 'sh $ALGO' } });
const ENDLESS = sh('echo begun | tee /data/outputs/begun; sleep 600');

describe('what the gateway wants', () => {
  let scene: Scene;
  let engine: EngineEvents;

  before(async () => {
    scene = await startScene({ limits: { maxJobs: 1 }, variables: { CAPSTAN_RUNNER_STOP_GRACE_S: '5' } });
    engine = await watchEngine();
  });
  after(async () => {
    await engine[Symbol.asyncDispose]();
    await scene[Symbol.asyncDispose]();
  });

  it('a stop ends a running algorithm at once, and keeps what it wrote', async () => {
    const jobId = await scene.start(ENDLESS);
    await scene.until(jobId, 40);
    await untilFirstOutput(jobId);
    await scene.want(jobId, 'stopped');
    const { code, details } = await scene.until(jobId, 'end');
    expect(code).to.equal(7);
    // By SIGTERM: there was no need for SIGKILL.
    expect(details.termination).to.include({ reason: 'The job was stopped on request.', exitCode: 143 });
    expect(await scene.text(jobId, 'begun')).to.equal('begun\n');
    await engine.untilGone(jobId);
  });

  it('a stop before the start keeps it from ever starting', async () => {
    const jobId = newJobId();
    await scene.want(jobId, 'stopped');
    await scene.start(ENDLESS, { jobId, messageId: `${jobId}.1.start` });
    const { code } = await scene.until(jobId, 'end');
    expect(code).to.equal(7);
    expect(scene.codes(jobId)).to.deep.equal([7]);
    expect(engine.starts(jobId)).to.equal(0);
  });

  it('a delete leaves nothing, not even results', async () => {
    const jobId = await scene.start(ENDLESS);
    await scene.until(jobId, 40);
    await scene.want(jobId, 'deleted');
    const { code } = await scene.until(jobId, 'end');
    expect(code).to.equal(8);
    await engine.untilGone(jobId);
    const left = await access(join(scene.dataDir, 'results', jobId)).then(
      () => true,
      () => false,
    );
    expect(left).to.equal(false);
  });

  it('a command for what has ended is cleared away without a word', async () => {
    const jobId = await scene.start(ENDLESS);
    await scene.until(jobId, 40);
    await scene.want(jobId, 'ended');
    await engine.untilGone(jobId);
    // The next job goes its way, and nothing more was said about the first.
    const next = await scene.start(sh('true'));
    expect((await scene.until(next, 'end')).code).to.equal(70);
    expect(scene.codes(jobId)).to.deep.equal([10, 20, 30, 40]);
  });

  it('a command that is sent twice starts one algorithm', async () => {
    const jobId = newJobId();
    const quick = sh('sleep 1');
    await scene.start(quick, { jobId, messageId: 'one' });
    await scene.until(jobId, 40);
    await scene.start(quick, { jobId, messageId: 'two' });
    expect((await scene.until(jobId, 'end')).code).to.equal(70);
    await engine.untilGone(jobId);
    expect(engine.starts(jobId)).to.equal(1);
    // And once more when it is long over: its ending is told again, nothing else happens.
    await scene.start(quick, { jobId, messageId: 'three' });
    const next = await scene.start(sh('true'));
    await scene.until(next, 'end');
    expect(engine.starts(jobId)).to.equal(1);
  });

  it('no more jobs at once than the environment takes', async () => {
    const first = await scene.start(ENDLESS);
    const second = await scene.start(sh('true'));
    await scene.until(first, 40);
    expect(scene.codes(second)).to.deep.equal([]);
    await scene.want(first, 'stopped');
    expect((await scene.until(second, 'end')).code).to.equal(70);
    const order = [first, second].map((jobId) => engine.starts(jobId));
    expect(order).to.deep.equal([1, 1]);
  });

  it('is answered by announcements of what is at work', async () => {
    const jobId = await scene.start(ENDLESS);
    await scene.until(jobId, 40);
    const { environments, jobs } = await scene.announced(
      (announcement) => announcement.jobs.some((job) => job.jobId === jobId),
      `an announcement with ${jobId}`,
    );
    expect(jobs).to.deep.equal([{ jobId, run: 1, environment: scene.environment }]);
    expect(environments).to.have.length(1);
    expect(environments[0]).to.include({ id: scene.environment, maxJobs: 1, nGPU: 0, allowNetworkAccess: false });
    expect(environments[0]?.cpuType).to.be.a('string').and.not.equal('');
    expect(environments[0]?.ramGB).to.be.above(0);
    expect(environments[0]?.diskGB).to.be.above(0);
    await scene.want(jobId, 'stopped');
    await scene.until(jobId, 'end');
  });
});
