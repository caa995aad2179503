import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import type { Manifest } from '@capstan/shared/results/manifest';
import { temporaryFolder } from '../../../scripts/parts/temporary-folder.ts';
import { watchEngine } from '../../support/engine-events.ts';
import { BUCKET, startS3 } from '../../support/results/s3.ts';
import { startScene } from '../../support/runner/scene.ts';

/** What s3rver keeps of an object beside its content. */
const FACTS = /\._S3rver_(metadata\.json|object\.md5)$/;

describe('a runner that is killed while it uploads', () => {
  it('begins afresh, and leaves nothing of the first try in the store', async () => {
    await using dir = await temporaryFolder('s3');
    await using s3 = await startS3(dir.path);
    await using scene = await startScene({ variables: s3.variables });
    await using engine = await watchEngine();
    const jobId = await scene.start({
      rawcode: 'dd if=/dev/zero of=/data/outputs/large bs=1M count=40; echo 1 > /data/outputs/small',
      container: { entrypoint: 'sh $ALGO' },
    });
    await scene.until(jobId, 60);
    await scene.runner().kill();
    await scene.restartRunner();
    expect((await scene.until(jobId, 'end')).code).to.equal(70);
    await engine.untilGone(jobId);
    const manifest: Manifest = await scene.manifest(jobId);
    const kept = await readdir(join(dir.path, BUCKET, 'capstan', jobId, '1'));
    const objects = new Set(
      kept.map((name) => name.replace(FACTS, '')).map((name) => name.replace(/\._S3rver_object$/, '')),
    );
    expect([...objects]).to.have.members(['manifest.json', ...manifest.files.map(({ place }) => place)]);
    expect(manifest.files.map(({ filename }) => filename)).to.deep.equal(['large', 'small', 'algorithm.log']);
    expect(engine.starts(jobId)).to.equal(1);
  });
});
