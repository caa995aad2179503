/** What the engine makes for a run after that was left: it was asked for before, and nobody can take that back. */
import { expect } from 'chai';
import { STATUS } from '@capstan/shared/contract/status';
import { leftoversOf } from '../../../scripts/parts/engine.ts';
import { temporaryFolder } from '../../../scripts/parts/temporary-folder.ts';
import { watchEngine } from '../../support/engine-events.ts';
import { startEngineProxy } from '../../support/engine-proxy.ts';
import { startScene } from '../../support/runner/scene.ts';

const JOBS = 60;
const JOB = { rawcode: 'true', container: { entrypoint: 'sh $ALGO' } };
/** The runner itself gives up a call that makes something after two minutes. */
const SOONER_THAN_GIVEN_UP_MS = 40_000;

describe('jobs that are stopped and deleted in the middle of their provisioning', function () {
  this.timeout(300_000);

  it(`leave nothing, though the engine makes the containers of all ${JOBS} afterwards`, async () => {
    await using folder = await temporaryFolder('proxy');
    await using proxy = await startEngineProxy(folder.path);
    await using engine = await watchEngine();
    await using scene = await startScene({
      limits: { maxJobs: JOBS },
      variables: { CAPSTAN_RUNNER_DOCKER_SOCKET: proxy.socket },
    });
    const late = proxy.plant({ method: 'POST', path: /^\/containers\/create/, does: { kind: 'late' } });
    const jobs = await Promise.all(Array.from({ length: JOBS }, () => scene.start(JOB)));
    await late.until(JOBS);
    for (const [index, jobId] of jobs.entries()) await scene.want(jobId, index % 2 === 0 ? 'stopped' : 'deleted');
    const last = jobs.at(-1) ?? '';
    await scene.runner().until({
      match: (line) => (line.includes(last) && line.includes('an end of the job was asked for') ? true : undefined),
      what: 'the end that the last one was asked for',
      limitMs: 60_000,
    });
    late[Symbol.dispose]();
    // The engine has made something of each, and has nothing of any.
    for (const jobId of jobs) await engine.until('create', jobId);
    for (const jobId of jobs) await engine.untilGone(jobId);
    const left = await leftoversOf((runnerId) => runnerId === scene.environment);
    expect(left).to.deep.equal({ containers: [], volumes: [], networks: [] });
  });

  for (const [what, name] of Object.entries({
    'the container that is filled': '[^&]*-files',
    'its algorithm': 'capstan-[0-9a-f]{32}-1-1-[^-&]*',
  }))
    it(`are told to be stopped while the engine is still at the making of ${what}, which goes when it is made`, async () => {
      await using folder = await temporaryFolder('proxy');
      await using proxy = await startEngineProxy(folder.path);
      await using engine = await watchEngine();
      await using scene = await startScene({ variables: { CAPSTAN_RUNNER_DOCKER_SOCKET: proxy.socket } });
      const path = new RegExp(`^/containers/create\\?.*\\bname=${name}(&|$)`);
      const late = proxy.plant({ method: 'POST', path, does: { kind: 'late' } });
      const jobId = await scene.start(JOB);
      await late.until(1);
      await scene.want(jobId, 'stopped');
      const { code, attempt } = await scene.until(jobId, 'end', undefined, SOONER_THAN_GIVEN_UP_MS);
      expect([code, attempt, late.met()]).to.deep.equal([STATUS.stopped.code, 1, 1]);
      expect((await scene.manifest(jobId)).code).to.equal(STATUS.stopped.code);
      late[Symbol.dispose]();
      await scene.cleared(jobId, 'ended');
      await engine.untilGone(jobId);
      expect(engine.starts(jobId)).to.equal(0);
      const left = await leftoversOf((runnerId) => runnerId === scene.environment);
      expect(left).to.deep.equal({ containers: [], volumes: [], networks: [] });
    });

  it('are told to be stopped while the engine does not answer at all', async () => {
    await using folder = await temporaryFolder('proxy');
    await using proxy = await startEngineProxy(folder.path);
    await using engine = await watchEngine();
    await using scene = await startScene({ variables: { CAPSTAN_RUNNER_DOCKER_SOCKET: proxy.socket } });
    const creates = proxy.plant({ method: 'POST', path: /^\/containers\/create/, does: { kind: 'hang' } });
    const jobId = await scene.start(JOB);
    await creates.until(1);
    const all = proxy.plant({ path: /^/, does: { kind: 'hang' } });
    await scene.want(jobId, 'stopped');
    expect(await scene.until(jobId, 'end', undefined, SOONER_THAN_GIVEN_UP_MS)).to.include({
      code: STATUS.stopped.code,
      attempt: 1,
    });
    creates[Symbol.dispose]();
    all[Symbol.dispose]();
    await scene.cleared(jobId, 'ended');
    expect(engine.starts(jobId)).to.equal(0);
  });
});
