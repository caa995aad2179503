import { createHash, randomBytes } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import type { Consumer } from '../../scripts/parts/consumer.ts';
import { temporaryFolder } from '../../scripts/parts/temporary-folder.ts';
import { startTestNode, type TestNode } from '../support/node.ts';
import { startIpfs } from '../support/results/ipfs.ts';
import { BUCKET, startS3 } from '../support/results/s3.ts';

/** Writes some files, a large one among them, and prints its hash. */
const CODE = `
  const { writeFileSync } = require('node:fs');
  const { createHash, randomBytes } = require('node:crypto');
  const large = randomBytes(20_000_000);
  writeFileSync('/data/outputs/large.bin', large);
  writeFileSync('/data/outputs/table.csv', 'a,b\\n1,2\\n');
  process.stdout.write(createHash('sha256').update(large).digest('hex'));`;

const run = async (node: TestNode, consumer: Consumer) => {
  const dataset = await node.addDataset({ isRawAllowed: true });
  await using live = await consumer.follow();
  const { jobId } = await consumer.start(node.rawOrderOf(dataset, CODE));
  return (await live.ended(jobId)).job;
};

const bytes = async (answer: Response) => Buffer.from(await answer.arrayBuffer());
const sha256 = (content: Buffer) => createHash('sha256').update(content).digest('hex');

describe('a node that keeps its results in an S3 store', () => {
  it('gives them out whole and in part, in parts of its own, and leaves nothing there when the job is deleted', async () => {
    await using dir = await temporaryFolder('s3');
    await using s3 = await startS3(dir.path);
    await using node = await startTestNode({ variables: s3.variables });
    const { consumer } = node;
    const job = await run(node, consumer);
    expect([job.status, job.results.map(({ filename }) => filename)]).to.deep.equal([
      70,
      ['large.bin', 'table.csv', 'algorithm.log'],
    ]);
    const hash = await (await consumer.result(job.jobId, 2)).text();
    const whole = await consumer.result(job.jobId, 0);
    expect(whole.headers.get('etag')).to.equal(`"${hash}"`);
    const content = await bytes(whole);
    expect(sha256(content)).to.equal(hash);
    const part = await consumer.result(job.jobId, 0, { range: 'bytes=17000000-17000099' });
    expect([part.status, await bytes(part)]).to.deep.equal([206, content.subarray(17_000_000, 17_000_100)]);

    const kept = async () =>
      (await readdir(join(dir.path, BUCKET), { recursive: true })).filter((name) => name.includes(job.jobId));
    expect(await kept()).not.to.deep.equal([]);
    expect((await consumer.remove(job.jobId)).status).to.equal(200);
    expect(await kept()).to.deep.equal([]);
    expect((await consumer.result(job.jobId, 0)).status).to.equal(404);
  });

  it('that is away for a while waits for it with the outputs', async () => {
    await using dir = await temporaryFolder('s3');
    await using s3 = await startS3(dir.path);
    await using node = await startTestNode({ variables: s3.variables });
    await s3.stop();
    const { consumer } = node;
    const dataset = await node.addDataset({ isRawAllowed: true });
    await using live = await consumer.follow();
    const { jobId } = await consumer.start(node.rawOrderOf(dataset, CODE));
    await node.runner().untilLogged('publishing failed, trying again');
    await s3.start();
    const { job } = await live.ended(jobId);
    expect(job.status).to.equal(70);
    const hash = await (await consumer.result(jobId, 2)).text();
    expect(sha256(await bytes(await consumer.result(jobId, 0)))).to.equal(hash);
  });
});

describe('a node that keeps its results in IPFS', () => {
  it('gives them out whole and in part, and leaves nothing there when the job is deleted', async () => {
    await using ipfs = await startIpfs();
    await using node = await startTestNode({ variables: ipfs.variables });
    const { consumer } = node;
    const job = await run(node, consumer);
    const hash = await (await consumer.result(job.jobId, 2)).text();
    const content = await bytes(await consumer.result(job.jobId, 0));
    expect(sha256(content)).to.equal(hash);
    const part = await consumer.result(job.jobId, 0, { range: 'bytes=-100' });
    expect(await bytes(part)).to.deep.equal(content.subarray(-100));
    expect(ipfs.paths().every((path) => path.startsWith(`/capstan/${job.jobId}/1/`))).to.equal(true);
    expect((await consumer.remove(job.jobId)).status).to.equal(200);
    expect(ipfs.paths()).to.deep.equal([]);
  });
});

describe('a store of results that lies', () => {
  it('is found out before the last byte', async () => {
    await using ipfs = await startIpfs();
    await using node = await startTestNode({ variables: ipfs.variables });
    const { consumer } = node;
    const job = await run(node, consumer);
    await ipfs.replace(
      (path) => !path.endsWith('manifest.json'),
      ({ size }) => randomBytes(size),
    );
    const answer = await consumer.result(job.jobId, 0);
    const outcome = await bytes(answer).then(
      () => 'all of it',
      () => 'broken off',
    );
    expect(outcome).to.equal('broken off');
  });
});
