import { access, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { namesInEngine } from '../../support/runner/names-in-engine.ts';
import { askEngine } from '../../../scripts/parts/engine.ts';
import { watchEngine, type EngineEvents } from '../../support/engine-events.ts';
import { startScene, type Scene } from '../../support/runner/scene.ts';

const sh = (command: string) => ({ rawcode: command, container: { entrypoint: 'sh $ALGO' } });
/** Says when it starts, and goes on for a while. */
const SLOW = sh('echo started >> /data/outputs/starts; sleep 2; echo done');

describe('a runner that is killed', () => {
  let scene: Scene;
  let engine: EngineEvents;

  beforeEach(async () => {
    scene = await startScene();
    engine = await watchEngine();
  });
  afterEach(async () => {
    await engine[Symbol.asyncDispose]();
    await scene[Symbol.asyncDispose]();
  });

  const expectOneStart = async (jobId: Parameters<Scene['text']>[0]) => {
    expect((await scene.until(jobId, 'end')).code).to.equal(70);
    expect(await scene.text(jobId, 'starts')).to.equal('started\n');
    expect(await scene.text(jobId, 'algorithm.log')).to.equal('done\n');
    await engine.untilGone(jobId);
    expect(engine.starts(jobId)).to.equal(1);
    const notes = await readdir(join(scene.dataDir, 'scratch', 'starts'));
    expect(notes.filter((note) => note.startsWith(jobId))).to.deep.equal([]);
  };

  it('while the algorithm runs goes on with the same container', async () => {
    const jobId = await scene.start(SLOW);
    await scene.until(jobId, 40);
    await scene.runner().kill();
    await scene.restartRunner();
    await expectOneStart(jobId);
  });

  it('and is away while the algorithm ends publishes what it left', async () => {
    const jobId = await scene.start(SLOW);
    await scene.until(jobId, 40);
    await scene.runner().kill();
    await engine.until('die', jobId);
    await scene.restartRunner();
    await expectOneStart(jobId);
  });

  it('while it provisions starts afresh', async () => {
    const jobId = await scene.start(SLOW);
    await engine.until('create', jobId);
    await scene.runner().kill();
    await scene.restartRunner();
    await expectOneStart(jobId);
  });

  it('needs no command to go on: NATS may have lost everything', async () => {
    const jobId = await scene.start(SLOW);
    await scene.until(jobId, 40);
    await scene.runner().kill();
    await scene.wipeNats();
    await scene.restartRunner();
    await expectOneStart(jobId);
  });

  it('over and over loses no job and starts none twice', async () => {
    const jobs = [await scene.start(SLOW), await scene.start(SLOW)];
    for (const action of ['create', 'start', 'die', 'destroy']) {
      await engine.until(action, jobs[0] ?? '');
      await scene.runner().kill();
      await scene.restartRunner();
    }
    for (const jobId of jobs) await expectOneStart(jobId);
  });
});

describe('a runner', () => {
  it('that is asked to stop leaves its jobs running, ends with 0, and goes on later', async () => {
    await using scene = await startScene();
    await using engine = await watchEngine();
    const jobId = await scene.start(SLOW);
    await scene.until(jobId, 40);
    expect((await scene.runner().stop()).code).to.equal(0);
    await scene.restartRunner();
    expect((await scene.until(jobId, 'end')).code).to.equal(70);
    expect(engine.starts(jobId)).to.equal(1);
    await engine.untilGone(jobId);
  });

  it('carries on while NATS is away, and tells everything when it is back', async () => {
    await using scene = await startScene();
    await using engine = await watchEngine();
    const jobId = await scene.start(SLOW);
    await scene.until(jobId, 40);
    await scene.wipeNats();
    expect((await scene.until(jobId, 'end')).code).to.equal(70);
    await engine.untilGone(jobId);
    expect(engine.starts(jobId)).to.equal(1);
  });

  it('that loses a container to somebody else begins another attempt', async () => {
    await using scene = await startScene();
    await using engine = await watchEngine();
    const jobId = await scene.start(sh('sleep 3'));
    await scene.until(jobId, 40);
    await removeByHand(namesInEngine(scene.dataDir, jobId).algorithm);
    const { code, attempt } = await scene.until(jobId, 'end');
    expect([code, attempt]).to.deep.equal([70, 2]);
    expect(engine.starts(jobId)).to.equal(2);
    await engine.untilGone(jobId);
    expect(await exists(join(scene.dataDir, 'results', jobId, '1', 'manifest.json'))).to.equal(true);
  });
});

async function removeByHand(name: string): Promise<void> {
  const { status } = await askEngine('DELETE', `/containers/${name}?force=1`);
  expect(status).to.equal(204);
}

const exists = (path: string) =>
  access(path).then(
    () => true,
    () => false,
  );
