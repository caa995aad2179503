import { expect } from 'chai';
import { aRestrictedBroker, type RestrictedBroker } from '../integration/bus/a-restricted-broker.ts';
import { createCaller } from '../support/gateway/caller.ts';
import { followOverSocket } from '../support/gateway/log-follower.ts';
import { startTestNode, type TestNode } from '../support/node.ts';

describe('a node whose broker lets each service do only what it must', function () {
  let broker: RestrictedBroker;
  let node: TestNode;

  before(async () => {
    broker = await aRestrictedBroker();
    node = await startTestNode({ own: { gateway: broker.variables('gateway'), runner: broker.variables('runner') } });
  });
  after(async () => {
    await node[Symbol.asyncDispose]();
    await broker[Symbol.asyncDispose]();
  });

  it('runs jobs, hands out their logs while they run, stops and deletes them, and is refused nothing', async () => {
    const dataset = await node.addDataset({ isRawAllowed: true });
    const { consumer } = node;
    await using live = await consumer.follow();
    const { jobId } = await consumer.start(node.rawOrderOf(dataset, "console.log('done')"));
    expect((await live.ended(jobId)).job.status).to.equal(70);

    const caller = createCaller(() => node.url);
    const endless = node.rawOrderOf(dataset, "console.log('working'); setInterval(() => {}, 1000)");
    const job = await caller.job(endless);
    await using log = await followOverSocket(node.url, caller, { jobId: job.jobId, follow: true });
    await log.untilText(/working/);
    expect((await caller.stop({ jobId: job.jobId })).status).to.equal(200);
    expect((await caller.remove({ jobId: job.jobId })).status).to.equal(200);

    await node.runner().stop();
    await node.restart('runner');
    await node.gateway().stop();
    await node.restart('gateway');
    const last = await consumer.start(node.rawOrderOf(dataset, "console.log('again')"));
    await using again = await consumer.follow({ jobId: last.jobId });
    expect((await again.ended(last.jobId)).job.status).to.equal(70);
    expect(broker.violations()).to.deep.equal([]);
  });
});
