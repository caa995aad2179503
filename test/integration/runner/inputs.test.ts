import { createHash, randomBytes } from 'node:crypto';
import { expect } from 'chai';
import { startAssetServer, type AssetServer } from '../../support/asset-server.ts';
import { startRawServer } from '../../support/runner/raw-server.ts';
import { startScene, type Scene } from '../../support/runner/scene.ts';

/** Says what came. */
const SUM = { rawcode: 'cat /data/inputs/*/* | sha256sum', container: { entrypoint: 'sh $ALGO' } };

describe('inputs of a job', () => {
  let scene: Scene;
  let server: AssetServer;
  before(async () => {
    server = await startAssetServer();
    scene = await startScene({
      variables: {
        CAPSTAN_RUNNER_FETCH_ALLOW_PRIVATE: '["127.0.0.0/8"]',
        CAPSTAN_RUNNER_FETCH_MAX_JOB_GB: '0.0015',
      },
    });
  });
  after(async () => {
    await scene[Symbol.asyncDispose]();
    await server[Symbol.asyncDispose]();
  });

  const file = (url: string) => ({ type: 'url' as const, url });
  const reasonOf = async (datasets: Parameters<Scene['start']>[0]['datasets'] = []) => {
    const jobId = await scene.start({ ...SUM, datasets });
    const { code, details } = await scene.until(jobId, 'end');
    expect(code).to.equal(31);
    expect(scene.codes(jobId)).to.deep.equal([10, 20, 31]);
    return details.termination?.reason;
  };

  it('go on where a connection broke, in the archive that the engine is unpacking', async () => {
    const body = randomBytes(600_000);
    await using breaking = await startRawServer((_, number) =>
      number === 0
        ? {
            head: ['HTTP/1.1 200 OK', 'content-length: 600000', 'etag: "a"'],
            body: body.subarray(0, 200_000),
            after: 'break',
          }
        : {
            head: [
              'HTTP/1.1 206 Partial Content',
              'content-range: bytes 200000-599999/600000',
              'content-length: 400000',
            ],
            body: body.subarray(200_000),
            after: 'end',
          },
    );
    const sha256 = createHash('sha256').update(body).digest('hex');
    const jobId = await scene.start({ ...SUM, datasets: [{ files: [{ ...file(`${breaking.url}/`), sha256 }] }] });
    expect((await scene.until(jobId, 'end')).code).to.equal(70);
    expect(await scene.text(jobId, 'algorithm.log')).to.contain(sha256);
    expect(breaking.asked.map((head) => /^range: .*$/m.exec(head)?.[0].trim())).to.deep.equal([
      undefined,
      'range: bytes=200000-',
    ]);
  });

  it('are the ones that their owner published, or the job ends before anything was started', async () => {
    const changed = file(server.serve('/changed', { kind: 'file', body: 'changed' }));
    expect(await reasonOf([{ files: [{ ...changed, sha256: 'ab'.repeat(32) }] }])).to.match(
      /^File 0 of the dataset did:op:[0-9a-f]{64} could not be fetched: it is not the file that its owner gave the checksum of\.$/,
    );
  });

  it('are no more for one job than the node allows', async () => {
    const large = (path: string) => file(server.serve(path, { kind: 'file', body: randomBytes(900_000) }));
    expect(await reasonOf([{ files: [large('/half')] }, { files: [large('/other-half')] }])).to.contain(
      'all files of the job together are larger than 0.0015 GB',
    );
  });
});
