import { expect } from 'chai';
import type { StatusObject } from '@capstan/shared/contract/api';
import { startTestNode, type TestNode } from '../support/node.ts';

/** As an operator may set it, or a service of others have it. */
const LIMIT_BYTES = 16_384;
const FILES = 900;

const writesManyFiles = `
  const { mkdirSync, writeFileSync } = require('node:fs');
  const dir = process.env.OUTPUTS;
  for (let n = 0; n < ${FILES}; n += 1) writeFileSync(dir + '/an-ordinary-name-of-a-file-' + n + '.csv', String(n));
`;

describe('a node whose NATS takes small messages only', function () {
  this.timeout(120_000);
  let node: TestNode;
  before(async () => {
    node = await startTestNode();
  });
  after(() => node[Symbol.asyncDispose]());

  /** As polling shows it: with all its results. */
  const endOf = async (jobId: string): Promise<StatusObject> => {
    await using live = await node.consumer.follow({ jobId });
    if (live.snapshot.jobs[0]?.dateFinished === null) await live.ended(jobId);
    const [job] = await node.consumer.status({ jobId });
    if (!job) throw new Error('the job is gone');
    return job;
  };

  it('ends a job that it took before and can not hand on, with the reason, and goes on with others', async () => {
    const { consumer } = node;
    const dataset = await node.addDataset({ isRawAllowed: true });
    // Nobody takes it, and NATS loses it.
    await node.runner().stop();
    const large = await consumer.start(node.rawOrderOf(dataset, `// ${'x'.repeat(2 * LIMIT_BYTES)}`));
    await node.gateway().untilLogged('job sent to the runners');
    await node.nats().kill();
    await node.restart('nats', { isWiped: true, natsSettings: [`max_payload: ${LIMIT_BYTES}`] });
    const ended = await endOf(large.jobId);
    expect(ended.status).to.equal(22);
    expect(ended.terminationDetails?.reason).to.include('max_payload');
    await node.restart('runner');
    const small = await consumer.start(node.rawOrderOf(dataset, 'console.log("small")'));
    expect((await endOf(small.jobId)).status).to.equal(70);
  });

  it('tells the end of a job with more results than fit into a message, and lists all of them', async () => {
    const { consumer } = node;
    const dataset = await node.addDataset({ isRawAllowed: true });
    const job = await consumer.start(node.rawOrderOf(dataset, writesManyFiles));
    const ended = await endOf(job.jobId);
    expect(ended.status).to.equal(70);
    const outputs = ended.results.filter(({ type }) => type === 'output');
    expect(outputs).to.have.length(FILES);
  });
});
