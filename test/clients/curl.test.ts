/** The examples of the page that users of the API read, each typed into curl. */
import { expect } from 'chai';
import type { EnvironmentObject } from '@capstan/shared/contract/answers';
import type { StartRequest } from '@capstan/shared/contract/api';
import { createConsumer } from '../../scripts/parts/consumer.ts';
import { startTestNode, type TestNode } from '../support/node.ts';
import { curl, json } from './curl.ts';
import { orderedByVector, signedByVector, VECTOR, vectorOrder } from './vector.ts';

const CODE = `
const { readFileSync, writeFileSync } = require('node:fs');
const [did] = JSON.parse(process.env.DIDS);
writeFileSync('/data/outputs/bytes.txt', String(readFileSync('/data/inputs/' + did.replace('did:op:', '') + '/0').length));
`;
const ENDLESS = `console.log('waiting'); setInterval(() => {}, 1000);`;

describe('curl, as the page of the API has it', () => {
  let node: TestNode;
  before(async () => {
    node = await startTestNode();
  });
  after(() => node[Symbol.asyncDispose]());

  const { consumerAddress, documentId } = VECTOR;
  const at = (path: string, query = '') => `${node.url}${path}${query === '' ? '' : `?${query}`}`;

  /** Live status of a job, so that nobody has to ask again and again. */
  const untilStatus = async (jobId: string, status: number) => {
    await using live = await createConsumer(node.url).follow({ jobId });
    if (live.snapshot.jobs[0]?.status !== status)
      await live.until((event) => event.status === status, `status ${status}`);
  };

  let order: StartRequest;
  let endedJob = '';

  it('POST /api/compute', async () => {
    order = await vectorOrder(node, CODE);
    const answer = await curl('-X', 'POST', at('/api/compute'), ...json(order));
    expect(answer.status).to.equal(200);
    const [job, ...more] = answer.jobs();
    expect(more).to.deep.equal([]);
    expect(job).to.include({ status: 1, statusText: 'Warming up', documentId, owner: consumerAddress });
    endedJob = job?.jobId ?? '';
    await untilStatus(endedJob, 70);
  });

  it('GET /api/services/compute?signature=…&documentId=…&jobId=…', async () => {
    const { signature } = VECTOR;
    const query = new URLSearchParams({ signature, documentId, jobId: endedJob }).toString();
    const answer = await curl(at('/api/services/compute', query));
    expect(answer.status).to.equal(200);
    const [job] = answer.jobs();
    expect(job).to.include({ jobId: endedJob, documentId, status: 70, statusText: 'Job completed', resultsDid: '' });
    // The outputs alone: what the algorithm said has an address of its own.
    expect(job?.resultsUrls).to.have.length(1);
    for (const url of job?.resultsUrls ?? []) {
      expect(url).to.match(/\/api\/services\/computeResult\?jobId=[0-9a-f]{32}&index=\d$/);
    }
    expect(job?.resultsUrls).not.to.include(job?.algorithmLogUrl);
    expect(job?.algorithmLogUrl).to.match(/&index=1$/);
  });

  it('GET /api/services/computeResult?index=0&consumerAddress=…&jobId=…&nonce=…', async () => {
    const unsigned = new URLSearchParams({ index: '0', consumerAddress, jobId: endedJob, nonce: String(Date.now()) });
    const refused = await curl(at('/api/services/computeResult', unsigned.toString()));
    expect(refused.status).to.equal(400);
    const { hint, ...body } = JSON.parse(refused.body) as Record<string, unknown>;
    expect(body).to.deep.equal({
      errors: { signature: ['The signature field is required.'] },
      message: 'Validation error',
      success: false,
    });
    expect(hint).to.match(/^Sign consumerAddress \+ jobId \+ index \+ nonce: /);
    const [job] = (await curl(at('/api/services/compute', `jobId=${endedJob}`))).jobs();
    const index = job?.results.find(({ filename }) => filename === 'bytes.txt')?.index;
    const query = signedByVector('result', { jobId: endedJob, index: String(index) });
    const answer = await curl(at('/api/services/computeResult', query));
    expect(answer).to.include({ status: 200, body: '6' });
  });

  for (const { method, status, statusText } of [
    { method: 'PUT', status: 7, statusText: 'Job stopped' },
    { method: 'DELETE', status: 8, statusText: 'Job deleted successfully' },
  ] as const) {
    it(`${method} /api/services/compute?signature=…&documentId=…&jobId=…`, async () => {
      const algorithm = { meta: { ...order.algorithm.meta, rawcode: ENDLESS } };
      const body = orderedByVector({ environment: node.environment, dataset: order.dataset, algorithm });
      const started = await curl('-X', 'POST', at('/api/services/compute'), ...json(body));
      const jobId = started.jobs()[0]?.jobId ?? '';
      await untilStatus(jobId, 40);

      // The page's example, letter by letter, names nobody who could have signed it.
      const { signature } = VECTOR;
      const bare = new URLSearchParams({ signature, documentId, jobId }).toString();
      const refused = await curl('-X', method, at('/api/services/compute', bare));
      expect(refused.status).to.equal(400);
      expect(refused.body).to.contain('The consumerAddress field is required.');

      const query = signedByVector(method === 'PUT' ? 'stop' : 'delete', { jobId, documentId });
      const answer = await curl('-X', method, at('/api/services/compute', query));
      expect(answer.status).to.equal(200);
      expect(answer.jobs()[0]).to.include({ jobId, status, statusText });
    });
  }

  for (const spelling of ['chainId', 'chainID']) {
    it(`GET /api/services/computeEnvironments?${spelling}=8996`, async () => {
      const answer = await curl(at('/api/services/computeEnvironments', `${spelling}=8996`));
      expect(answer.status).to.equal(200);
      const [environment] = JSON.parse(answer.body) as EnvironmentObject[];
      const page = ['cpuType', 'currentJobs', 'desc', 'diskGB', 'gpuType', 'id', 'maxJobs', 'nCPU', 'nGPU', 'priceMin'];
      expect(environment).to.include.all.keys(...page, 'ramGB');
    });
  }
});
