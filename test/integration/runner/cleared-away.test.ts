/** What people and their cron jobs clear away while a job runs, and what an engine refuses to give: everything else is published. */
import { expect } from 'chai';
import type { JobId } from '@capstan/shared/contract/ids';
import { askEngine } from '../../../scripts/parts/engine.ts';
import { temporaryFolder } from '../../../scripts/parts/temporary-folder.ts';
import { startEngineProxy, type EngineProxy } from '../../support/engine-proxy.ts';
import { untilFirstOutput } from '../../support/runner/first-output.ts';
import { algorithmOf } from '../../support/runner/names-in-engine.ts';
import { startScene, type Scene } from '../../support/runner/scene.ts';

/** Writes something, and ends when it is told to. */
const UNTIL_TOLD = {
  rawcode: `
    require('node:fs').writeFileSync('/data/outputs/out', 'kept');
    process.on('SIGTERM', () => { console.log('last words'); process.exit(0); });
    setInterval(() => {}, 1e6);
    console.log('began');`,
};

/** As `docker system prune -f` does it, of this job alone: what does not run goes, volumes stay. */
async function prune(jobId: JobId): Promise<number> {
  const filters = encodeURIComponent(JSON.stringify({ label: [`capstan.job=${jobId}`] }));
  const { body } = await askEngine('POST', `/containers/prune?filters=${filters}`);
  return (JSON.parse(body) as { ContainersDeleted: readonly string[] | null }).ContainersDeleted?.length ?? 0;
}

const tellToEnd = async (jobId: JobId) =>
  expect((await askEngine('POST', `/containers/${await algorithmOf(jobId)}/kill?signal=TERM`)).status).to.equal(204);

const running = async (scene: Scene) => {
  const jobId = await scene.start(UNTIL_TOLD);
  await scene.until(jobId, 40);
  await untilFirstOutput(jobId);
  return jobId;
};

describe('a job whose helpers are cleared away while it runs', () => {
  it('has its outputs and its log all the same', async () => {
    await using scene = await startScene();
    const jobId = await running(scene);
    expect(await prune(jobId)).to.equal(1);
    await tellToEnd(jobId);
    const { code, attempt } = await scene.until(jobId, 'end');
    expect([code, attempt]).to.deep.equal([70, 1]);
    expect(await scene.text(jobId, 'out')).to.equal('kept');
    expect(await scene.text(jobId, 'algorithm.log')).to.equal('began\nlast words\n');
  });

  it('has them as its filter leaves them', async () => {
    const filter = {
      image: 'localhost/capstan/node-demo',
      tag: '24',
      entrypoint: 'sh -c "cd /data/outputs && echo $DIDS > seen && echo filtered >> out"',
    };
    await using scene = await startScene({ limits: { filter: filter as never } });
    const jobId = await running(scene);
    expect(await prune(jobId)).to.equal(2);
    await tellToEnd(jobId);
    const { code, details } = await scene.until(jobId, 'end');
    expect(code, details.termination?.reason).to.equal(70);
    expect(await scene.text(jobId, 'out')).to.equal('keptfiltered\n');
    expect(await scene.text(jobId, 'seen'), 'what it is told of the job').to.match(/^\[[0-9a-f]{64}\]\n$/);
  });
});

describe('a job whose engine', () => {
  const withProxy = async (work: (scene: Scene, proxy: EngineProxy) => Promise<void>) => {
    await using folder = await temporaryFolder('proxy');
    await using proxy = await startEngineProxy(folder.path);
    // What is small and plain would not be asked of it.
    const engine = { CAPSTAN_RUNNER_DOCKER_SOCKET: proxy.socket, CAPSTAN_RUNNER_FILES_THROUGH_ENGINE: 'true' };
    await using scene = await startScene({ variables: engine });
    await work(scene, proxy);
  };
  const answers500 = (path: RegExp, times?: number) => ({
    method: 'GET' as const,
    path,
    does: { kind: 'answer', status: 500, message: 'an error of the engine' } as const,
    ...(times === undefined ? {} : { times }),
  });

  it('fails once over the log, and once over the outputs, is asked again', () =>
    withProxy(async (scene, proxy) => {
      const jobId = await running(scene);
      using logs = proxy.plant(answers500(/\/logs\?follow=false/, 1));
      using outputs = proxy.plant(answers500(/\/archive\?/, 1));
      await tellToEnd(jobId);
      expect((await scene.until(jobId, 'end')).code).to.equal(70);
      expect([logs.met(), outputs.met()]).to.deep.equal([1, 1]);
      expect(await scene.text(jobId, 'out')).to.equal('kept');
      expect(await scene.text(jobId, 'algorithm.log')).to.equal('began\nlast words\n');
    }));

  it('does not give the log leaves the outputs, and says so', () =>
    withProxy(async (scene, proxy) => {
      using logs = proxy.plant(answers500(/\/logs\?/));
      const jobId = await running(scene);
      await tellToEnd(jobId);
      const { code, details } = await scene.until(jobId, 'end');
      expect(code).to.equal(70);
      expect(details.termination?.reason).to.contain('could not read the log to its end');
      expect(await scene.text(jobId, 'out')).to.equal('kept');
      expect(await scene.text(jobId, 'algorithm.log')).to.contain('a part of the log is missing here');
      expect(await scene.text(jobId, 'publish.log')).to.contain('the end of the log: the container engine could not');
      expect(logs.met()).to.be.above(1);
    }));

  it('does not give the outputs ends with 61, and leaves the log and the exit code', () =>
    withProxy(async (scene, proxy) => {
      using outputs = proxy.plant(answers500(/\/archive\?/));
      const jobId = await running(scene);
      await tellToEnd(jobId);
      const { code, details } = await scene.until(jobId, 'end');
      expect(code).to.equal(61);
      expect(details.termination).to.deep.equal({
        exitCode: 0,
        signal: null,
        OOMKilled: false,
        reason:
          'The algorithm exited with code 0. The container engine could not read its outputs, so they are missing.',
      });
      expect(await scene.text(jobId, 'algorithm.log')).to.equal('began\nlast words\n');
      expect(await scene.text(jobId, 'publish.log')).to.contain('outputs: the container engine could not read it');
      expect(outputs.met()).to.be.above(1);
      expect(scene.codes(jobId).filter((each) => each === 40)).to.have.length(1);
    }));
});
