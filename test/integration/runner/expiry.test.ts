import { once } from 'node:events';
import { watch } from 'node:fs';
import { cp, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import type { Manifest } from '@capstan/shared/results/manifest';
import { watchEngine } from '../../support/engine-events.ts';
import { newJobId, startScene } from '../../support/runner/scene.ts';

const JOB = { rawcode: 'echo 1 > /data/outputs/one; echo done', container: { entrypoint: 'sh $ALGO' } };
const DAY_MS = 86_400_000;

describe('a runner', () => {
  it('drops results whose time is over, and remembers for a while how their run ended', async () => {
    await using scene = await startScene();
    await using engine = await watchEngine();
    const [over, kept] = [await scene.start(JOB), await scene.start(JOB)];
    for (const jobId of [over, kept]) {
      await scene.until(jobId, 'end');
      await engine.untilGone(jobId);
      // What is in hand again, because its command came again, is left for the next round.
      await scene.left(jobId);
    }
    await scene.runner().stop();
    const dir = join(scene.dataDir, 'results');
    const endsAt = async (jobId: string, expiresAt: number) => {
      const path = join(dir, jobId, '1', 'manifest.json');
      const manifest = JSON.parse(await readFile(path, 'utf8')) as Manifest;
      await writeFile(path, JSON.stringify({ ...manifest, jobId, expiresAt }));
    };
    await endsAt(over, Date.now() - 1_000);
    const old = newJobId();
    await cp(join(dir, over), join(dir, old), { recursive: true });
    await endsAt(old, Date.now() - 31 * DAY_MS);
    await scene.restartRunner();
    await scene.runner().untilLogged('results expired and are gone');
    expect(await readdir(join(dir, over, '1'))).to.deep.equal(['manifest.json']);
    const { code, files, droppedAt } = await scene.manifest(over);
    expect([code, files, typeof droppedAt]).to.deep.equal([70, [], 'number']);
    expect(await scene.text(kept, 'one')).to.equal('1\n');
    const told = await scene.announced(
      ({ upkeep = [] }) =>
        upkeep.some(({ name, done, isRunning }) => name === 'expiry of results' && done >= 3 && !isRunning),
      'what it tidied up, when it was through',
    );
    expect(told.upkeep?.map(({ name }) => name)).to.include('expiry of results');
    await scene.runner().stop();
    expect(await readdir(dir)).to.have.members([over, kept]);
  });
});

describe('a runner whose disk is not that of the gateway', () => {
  it('forgets a job that is deleted after its end', async () => {
    await using scene = await startScene();
    await using engine = await watchEngine();
    const jobId = await scene.start(JOB);
    await scene.until(jobId, 'end');
    await engine.untilGone(jobId);
    await scene.left(jobId);
    const dir = join(scene.dataDir, 'results');
    const changes = watch(dir);
    await scene.want(jobId, 'deleted');
    // Listening begins before the look: what changes in between is heard. Nobody waits for the last.
    const limit = AbortSignal.timeout(60_000);
    const change = () => {
      const heard = once(changes, 'change', { signal: limit });
      heard.catch(() => undefined);
      return heard;
    };
    for (let changed = change(); (await readdir(dir)).length > 0; changed = change()) await changed;
    changes.close();
  });
});
