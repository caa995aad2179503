import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import type { StatusObject } from '@capstan/shared/contract/api';
import type { Manifest } from '@capstan/shared/results/manifest';
import { createConsumer } from '../../scripts/parts/consumer.ts';
import { watchEngine } from '../support/engine-events.ts';
import { startTestNode, type TestNode } from '../support/node.ts';
import { expectSameStatus } from '../support/same-status.ts';

const SUM = `
const { readFileSync, writeFileSync, mkdirSync } = require('node:fs');
const dids = JSON.parse(process.env.DIDS);
const numbers = dids.flatMap((did) => readFileSync('/data/inputs/' + did.replace('did:op:', '') + '/0', 'utf8').trim().split('\\n').map(Number));
console.log('adding ' + numbers.length + ' numbers');
mkdirSync('/data/outputs/deep', { recursive: true });
writeFileSync('/data/outputs/deep/raw.bin', Buffer.from(Array.from({ length: 256 }, (_, byte) => byte)));
writeFileSync('/data/outputs/sum.json', JSON.stringify({ sum: numbers.reduce((a, b) => a + b) }));
`;

describe('a job', () => {
  let node: TestNode;
  before(async () => {
    node = await startTestNode();
  });
  after(() => node[Symbol.asyncDispose]());

  const fetched = async (job: StatusObject, filename: string) => {
    const result = job.results.find((file) => file.filename === filename);
    const response = await node.consumer.result(job.jobId, result?.index ?? -1);
    expect(response.status, `GET of ${filename}`).to.equal(200);
    return { result, response, bytes: Buffer.from(await response.arrayBuffer()) };
  };

  it('goes from the order to completion, the same on WebSocket and REST, with its results whole', async () => {
    await using engine = await watchEngine();
    const dataset = await node.addDataset({ files: [{ text: '1\n2\n3\n' }] });
    const algorithm = await node.addAlgorithm({ code: SUM });
    await using live = await node.consumer.follow();
    expect(live.snapshot.jobs).to.deep.equal([]);

    const accepted = await node.consumer.start(node.orderOf(dataset, algorithm));
    expect(accepted).to.include({ status: 1, statusText: 'Warming up', owner: node.consumer.address });
    expect(accepted.jobId).to.match(/^[0-9a-f]{32}$/);

    const { job } = await live.ended(accepted.jobId);
    const codes = live.events().map(({ status }) => status);
    expect(codes.filter((code) => code !== 1)).to.deep.equal([10, 20, 30, 40, 60, 70]);
    const cursors = live.events().map(({ cursor }) => cursor);
    expect(cursors).to.deep.equal(cursors.toSorted((a, b) => a - b));

    expect(job).to.include({ status: 70, statusText: 'Job completed', documentId: dataset.id, algoDID: algorithm.id });
    expect(job.terminationDetails).to.include({ exitCode: 0, OOMKilled: false });
    await expectSameStatus(node.consumer, job);

    const { bytes: sum, response } = await fetched(job, 'sum.json');
    expect(JSON.parse(sum.toString())).to.deep.equal({ sum: 6 });
    expect(response.headers.get('content-type')).to.match(/^application\/json/);
    const { bytes: raw } = await fetched(job, 'deep/raw.bin');
    expect(raw).to.deep.equal(Buffer.from(Array.from({ length: 256 }, (_, byte) => byte)));
    const { bytes: log, result: logResult } = await fetched(job, 'algorithm.log');
    expect(log.toString()).to.equal('adding 3 numbers\n');
    expect(logResult?.type).to.equal('algorithmLog');
    expect(engine.starts(job.jobId)).to.equal(1);
    await engine.untilGone(job.jobId);

    const manifestPath = join(node.dataDir, 'results', job.jobId, '1', 'manifest.json');
    const manifest = JSON.parse(await readFile(manifestPath, 'utf8')) as Manifest;
    for (const [filename, bytes] of Object.entries({ 'sum.json': sum, 'deep/raw.bin': raw, 'algorithm.log': log })) {
      const listed = manifest.files.find((file) => file.filename === filename);
      expect(listed?.sha256, filename).to.equal(createHash('sha256').update(bytes).digest('hex'));
      expect(listed?.filesize, filename).to.equal(bytes.length);
    }
  });

  it('reads several datasets, in the order they were named', async () => {
    const first = await node.addDataset({ files: [{ text: '10\n' }] });
    const second = await node.addDataset({ files: [{ text: '5\n' }], access: 'access' });
    const algorithm = await node.addAlgorithm({ code: SUM });
    await using live = await node.consumer.follow();
    const order = { ...node.orderOf(first, algorithm), additionalDatasets: [node.orderOf(second, algorithm).dataset] };
    const { jobId } = await node.consumer.start(order);
    const { job } = await live.ended(jobId);
    expect(job.inputDID).to.deep.equal([first.id, second.id]);
    const { bytes } = await fetched(job, 'sum.json');
    expect(JSON.parse(bytes.toString())).to.deep.equal({ sum: 15 });
  });

  it('hands out a part of a result', async () => {
    const dataset = await node.addDataset({ isRawAllowed: true });
    await using live = await node.consumer.follow();
    const code = `require('node:fs').writeFileSync('/data/outputs/text.txt', 'abcdefghij')`;
    const { jobId } = await node.consumer.start(node.rawOrderOf(dataset, code));
    const { job } = await live.ended(jobId);
    expect(job.algoDID).to.equal('raw');
    const index = job.results.find(({ filename }) => filename === 'text.txt')?.index ?? -1;
    const response = await node.consumer.result(jobId, index, { range: 'bytes=2-4' });
    expect(response.status).to.equal(206);
    expect(response.headers.get('content-range')).to.equal('bytes 2-4/10');
    expect(await response.text()).to.equal('cde');
  });

  it("is its owner's alone to read", async () => {
    const dataset = await node.addDataset({ isRawAllowed: true });
    await using live = await node.consumer.follow();
    const { jobId } = await node.consumer.start(node.rawOrderOf(dataset, `console.log('secret')`));
    await live.ended(jobId);
    const stranger = createConsumer(node.url);
    const [theirs, none] = [await stranger.result(jobId, 0), await stranger.result('0'.repeat(32), 0)];
    expect([theirs.status, none.status]).to.deep.equal([404, 404]);
    expect(await theirs.text()).to.equal(await none.text());
  });

  it('takes effect once, however often its signed order is sent', async () => {
    const dataset = await node.addDataset({ isRawAllowed: true });
    // Whoever follows signs, too: the order is signed after that, or its nonce would be used up.
    await using live = await node.consumer.follow();
    const body = await node.consumer.startBody(node.rawOrderOf(dataset, `console.log('once')`));
    const answers = await Promise.all([1, 2, 3].map(() => node.consumer.postStart(body)));
    expect(answers.map(({ status }) => status)).to.deep.equal([200, 200, 200]);
    const jobs = (await Promise.all(answers.map((answer) => answer.json()))) as StatusObject[][];
    expect(new Set(jobs.map(([job]) => job?.jobId)).size).to.equal(1);
    await live.ended(jobs[0]?.[0]?.jobId ?? '');

    const changed = await node.consumer.postStart({ ...body, environment: `${body.environment}x` });
    expect(changed.status).to.be.oneOf([400, 401]);
  });
});
