import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import type { Manifest } from '@capstan/shared/results/manifest';
import { watchEngine } from '../../support/engine-events.ts';
import { errorXml, HOSTILE_BUCKET, startHostileS3, type HostileS3 } from '../../support/results/hostile-s3.ts';
import { startScene } from '../../support/runner/scene.ts';

const variablesOf = ({ endpoint }: HostileS3) => ({
  CAPSTAN_RESULTS_KIND: 's3',
  CAPSTAN_RESULTS_S3_ENDPOINT: endpoint,
  CAPSTAN_RESULTS_S3_BUCKET: HOSTILE_BUCKET,
  CAPSTAN_RESULTS_S3_ACCESS_KEY_ID: 'id',
  CAPSTAN_RESULTS_S3_SECRET_ACCESS_KEY: 'key',
});

describe('a runner that is killed in the middle of an upload in parts', () => {
  it('leaves no part of it in the store when the run has ended', async () => {
    await using s3 = await startHostileS3();
    await using scene = await startScene({ variables: variablesOf(s3) });
    await using engine = await watchEngine();
    const half = Promise.withResolvers<void>();
    s3.lie = ({ operation, count }) => {
      if (operation !== 'part' || count < 2) return undefined;
      half.resolve();
      return { status: 200, ending: 'hang' };
    };
    const jobId = await scene.start({
      rawcode: 'dd if=/dev/zero of=/data/outputs/large bs=1M count=40',
      container: { entrypoint: 'sh $ALGO' },
    });
    await half.promise;
    await scene.runner().kill();
    expect(s3.uploads.size).to.equal(1);
    s3.lie = undefined;
    await scene.restartRunner();
    expect((await scene.until(jobId, 'end')).code).to.equal(70);
    await engine.untilGone(jobId);
    const { files }: Manifest = await scene.manifest(jobId);
    expect(s3.uploads.size).to.equal(0);
    expect([...s3.objects.keys()]).to.have.members([
      `capstan/${jobId}/1/manifest.json`,
      ...files.map(({ place }) => `capstan/${jobId}/1/${place}`),
    ]);
    expect(engine.starts(jobId)).to.equal(1);
  });
});

describe('results that expire while their store is away', () => {
  it('are dropped when it is back, and nothing else is', async () => {
    await using s3 = await startHostileS3();
    await using scene = await startScene({ variables: variablesOf(s3) });
    await using engine = await watchEngine();
    s3.objects.set('backups/2026', Buffer.from('precious'));
    const jobId = await scene.start({
      rawcode: 'echo 1 > /data/outputs/one',
      container: { entrypoint: 'sh $ALGO' },
    });
    await scene.until(jobId, 'end');
    await engine.untilGone(jobId);
    // What is in hand again, because its command came again, is left for the next round.
    await scene.left(jobId);
    await scene.runner().stop();
    const path = join(scene.dataDir, 'results', jobId, '1', 'manifest.json');
    const manifest = JSON.parse(await readFile(path, 'utf8')) as Manifest;
    await writeFile(path, JSON.stringify({ ...manifest, expiresAt: Date.now() - 1_000 }));

    s3.lie = () => ({ status: 503, body: errorXml('SlowDown') });
    await scene.restartRunner();
    await scene.runner().untilLogged('results that expired could not be dropped');
    await scene.runner().stop();
    s3.lie = undefined;
    await scene.restartRunner();
    await scene.runner().untilLogged('results expired and are gone');
    expect([...s3.objects.keys()]).to.deep.equal(['backups/2026']);
    const { code, files, droppedAt }: Manifest = await scene.manifest(jobId);
    expect([code, files, typeof droppedAt]).to.deep.equal([70, [], 'number']);
  });
});
