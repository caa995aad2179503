import { mkdir, readdir, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { watchEngine } from '../../support/engine-events.ts';
import { markOf } from '../../support/runner/names-in-engine.ts';
import { createLike } from '../../support/runner/create-like.ts';
import { newJobId, startScene } from '../../support/runner/scene.ts';

describe('what a run left behind', () => {
  it('is cleared away while the runner works, and what runs is left in peace', async () => {
    await using engine = await watchEngine();
    await using scene = await startScene({ variables: { CAPSTAN_RUNNER_REAP_EVERY_S: '1' } });
    const running = await scene.start({ rawcode: 'sleep 600', container: { entrypoint: 'sh $ALGO' } });
    await scene.until(running, 40);
    const jobId = newJobId();
    const { environment, dataDir } = scene;
    await createLike({ node: markOf(dataDir), runnerId: environment, environment, jobId, run: 1, attempt: 1 });
    await engine.untilGone(jobId);
    expect(engine.starts(running)).to.equal(1);
    await scene.want(running, 'stopped');
    expect((await scene.until(running, 'end')).code).to.equal(7);
  });

  it('and is half-written results, is removed when nobody will finish them', async () => {
    await using scene = await startScene({ variables: { CAPSTAN_RUNNER_REAP_EVERY_S: '1' } });
    const jobId = newJobId();
    const dir = join(scene.dataDir, 'results', jobId);
    await mkdir(join(dir, '.1-0123456789ab', 'files'), { recursive: true });
    await mkdir(join(dir, '.2-0123456789ab'), { recursive: true });
    await mkdir(join(dir, '1'));
    await utimes(join(dir, '.1-0123456789ab'), 1, 1);
    await scene.runner().untilLogged('cleared away results that were half written');
    // The other one is young: another runner may be at it.
    expect((await readdir(dir)).toSorted()).to.deep.equal(['.2-0123456789ab', '1']);
  });
});
