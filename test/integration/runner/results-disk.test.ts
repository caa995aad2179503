import { execFileSync } from 'node:child_process';
import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { startScene, type Scene } from '../../support/runner/scene.ts';

const IS_ROOT = process.getuid?.() === 0;

describe('a disk for results that is full', () => {
  let scene: Scene;
  const mount = (...args: string[]) => execFileSync('mount', ['-t', 'tmpfs', ...args, join(scene.dataDir, 'results')]);

  before(async function () {
    // A small disk of one's own is only to be had by who may mount.
    if (!IS_ROOT) this.skip();
    scene = await startScene();
    await mkdir(join(scene.dataDir, 'results'), { recursive: true });
    mount('-o', 'size=2m', 'capstan-test');
  });
  after(async () => {
    if (!IS_ROOT) return;
    execFileSync('umount', [join(scene.dataDir, 'results')]);
    await scene[Symbol.asyncDispose]();
  });

  const start = (megabytes: number) =>
    scene.start({
      rawcode: `head -c ${megabytes}000000 /dev/zero > /data/outputs/a; echo said`,
      container: { entrypoint: 'sh $ALGO' },
    });

  it('ends that job with the reason, no other, and heals by itself', async () => {
    const large = await start(8);
    const ending = await scene.until(large, 'end');
    expect(ending.code).to.equal(62);
    expect(ending.details.termination?.reason).to.equal('The disk that keeps the results is full.');
    expect((await scene.manifest(large)).files).to.deep.equal([]);
    const small = await start(1);
    expect((await scene.until(small, 'end')).code).to.equal(70);
    // Nothing half-written is in anybody's way.
    for (const jobId of [large, small]) {
      expect(await readdir(join(scene.dataDir, 'results', jobId))).to.deep.equal(['1']);
    }
    mount('-o', 'remount,size=50m', 'capstan-test');
    expect((await scene.until(await start(8), 'end')).code).to.equal(70);
  });
});
