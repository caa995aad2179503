import { expect } from 'chai';
import type { StatusObject } from '@capstan/shared/contract/api';
import type { Order } from '../../scripts/parts/consumer.ts';
import { startAssetServer } from '../support/asset-server.ts';
import { NODE_CONTAINER, startTestNode, type TestNode } from '../support/node.ts';
import { expectSameStatus } from '../support/same-status.ts';

describe('a job that can not succeed', () => {
  let node: TestNode;
  before(async () => {
    node = await startTestNode({
      limits: { maxJobDurationS: 2 },
      variables: { CAPSTAN_RUNNER_FETCH_ALLOW_PRIVATE: '["127.0.0.0/8"]', CAPSTAN_RUNNER_STOP_GRACE_S: '0' },
    });
  });
  after(() => node[Symbol.asyncDispose]());

  const endOf = async (order: Order): Promise<StatusObject> => {
    await using live = await node.consumer.follow();
    const { jobId } = await node.consumer.start(order);
    const { job } = await live.ended(jobId);
    await expectSameStatus(node.consumer, job);
    return job;
  };
  const textOf = async (job: StatusObject, filename: string) => {
    const index = job.results.find((file) => file.filename === filename)?.index ?? -1;
    return (await node.consumer.result(job.jobId, index)).text();
  };

  it('ends as failed with exit code, log and outputs so far when its algorithm fails', async () => {
    const dataset = await node.addDataset({ isRawAllowed: true });
    const code = `require('node:fs').writeFileSync('/data/outputs/half.txt', 'half'); console.error('no more'); process.exit(3)`;
    const job = await endOf(node.rawOrderOf(dataset, code));
    expect(job.status).to.equal(41);
    expect(job.terminationDetails).to.include({ exitCode: 3, signal: null, OOMKilled: false });
    expect(job.terminationDetails?.reason).to.include('3');
    expect(await textOf(job, 'half.txt')).to.equal('half');
    expect(await textOf(job, 'algorithm.log')).to.equal('no more\n');
  });

  it('ends as out of time, with what it wrote by then', async () => {
    const dataset = await node.addDataset({ isRawAllowed: true });
    const job = await endOf(node.rawOrderOf(dataset, `console.log('begun'); setInterval(() => {}, 1000)`));
    expect(job.status).to.equal(43);
    expect(await textOf(job, 'algorithm.log')).to.equal('begun\n');
  });

  it('says which image is missing', async () => {
    const dataset = await node.addDataset({ isRawAllowed: true });
    const container = { ...NODE_CONTAINER, image: '127.0.0.1:1/no/such-image', tag: '1' };
    const job = await endOf(node.rawOrderOf(dataset, 'never', container));
    expect(job.status).to.equal(11);
    expect(job.terminationDetails?.reason).to.include('no/such-image');
  });

  it('says which file of which dataset is missing, and never where it is', async () => {
    await using server = await startAssetServer();
    const url = server.serve('/there', { kind: 'file', body: 'there' });
    const dataset = await node.addDataset({ files: [{ url }, { url: `${server.url}/not-there` }], isRawAllowed: true });
    const job = await endOf(node.rawOrderOf(dataset, 'never'));
    expect(job.status).to.equal(31);
    expect(job.terminationDetails?.reason)
      .to.include(dataset.id)
      .and.not.include('127.0.0.1')
      .and.not.include('/not-there');
  });

  it('fetches again what failed in passing', async () => {
    await using server = await startAssetServer();
    const url = server.serve('/flaky', { kind: 'fail', status: 503, times: 1, body: 'at last' });
    const dataset = await node.addDataset({ files: [{ url }], isRawAllowed: true });
    const code = `
      const [did] = JSON.parse(process.env.DIDS);
      console.log(require('node:fs').readFileSync('/data/inputs/' + did.replace('did:op:', '') + '/0', 'utf8'));`;
    const job = await endOf(node.rawOrderOf(dataset, code));
    expect(job.status).to.equal(70);
    expect(await textOf(job, 'algorithm.log')).to.equal('at last\n');
    expect(server.requests()).to.deep.equal(['/flaky', '/flaky']);
  });

  it('says that the algorithm can not be had', async () => {
    await using server = await startAssetServer();
    const dataset = await node.addDataset({ isRawAllowed: true });
    const order = node.rawOrderOf(dataset, 'never');
    const meta = { url: `${server.url}/algorithm.js`, container: NODE_CONTAINER };
    const job = await endOf({ ...order, algorithm: { meta } });
    expect(job.status).to.equal(32);
    expect(job.terminationDetails?.reason).to.not.include('127.0.0.1');
  });
});
