import { expect } from 'chai';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Order } from '../../scripts/parts/consumer.ts';
import { createConsumer, freeOrder } from '../../scripts/parts/consumer.ts';
import { NODE_CONTAINER, startTestNode, type TestNode } from '../support/node.ts';
import { startIpfs } from '../support/results/ipfs.ts';

const FIRST = `const { writeFileSync } = require('node:fs');
  writeFileSync('/data/outputs/a.txt', 'first, '); writeFileSync('/data/outputs/b.txt', 'second');`;
/** Puts the files of its dataset together. */
const SECOND = `const { readdirSync, readFileSync } = require('node:fs');
  const dir = '/data/inputs/' + JSON.parse(process.env.DIDS)[0].replace('did:op:', '');
  console.log(readdirSync(dir).toSorted().map((name) => readFileSync(dir + '/' + name, 'utf8')).join(''));`;

const orderOn = (node: TestNode, documentId: string, rawcode: string): Order => ({
  environment: node.environment,
  dataset: { documentId, serviceId: 'results', transferTxId: freeOrder() },
  algorithm: { meta: { rawcode, container: NODE_CONTAINER } },
});

const PLACES = {
  'a folder': async () => ({ variables: {}, [Symbol.asyncDispose]: () => Promise.resolve() }),
  IPFS: startIpfs,
};

for (const [name, open] of Object.entries(PLACES)) {
  describe(`results in ${name} that become an asset`, () => {
    it('are a dataset for the next job of the same owner, for nobody else, and go with their job', async () => {
      await using place = await open();
      await using node = await startTestNode({ variables: { ...place.variables, CAPSTAN_RESULTS_AS_ASSETS: 'true' } });
      const { consumer } = node;
      const dataset = await node.addDataset({ isRawAllowed: true });
      await using live = await consumer.follow();
      const first = await consumer.start(node.rawOrderOf(dataset, FIRST));
      const { resultsDid } = (await live.ended(first.jobId)).job;
      expect(resultsDid).to.match(/^did:op:[0-9a-f]{64}$/);

      const second = await consumer.start(orderOn(node, resultsDid, SECOND));
      const { job } = await live.ended(second.jobId);
      expect([job.status, job.inputDID]).to.deep.equal([70, [resultsDid]]);
      expect(job.resultsDid, 'it has a log and no outputs').to.equal('');
      expect(await (await consumer.result(second.jobId, 0)).text()).to.equal('first, second\n');

      const stranger = createConsumer(node.url);
      const refused = await stranger.postStart(await stranger.startBody(orderOn(node, resultsDid, SECOND)));
      expect([refused.status, await refused.json()]).to.deep.include(400);

      const path = join(node.dataDir, 'catalogue', `${resultsDid.replace('did:op:', '')}.json`);
      expect(existsSync(path)).to.equal(true);
      expect((await consumer.remove(first.jobId)).status).to.equal(200);
      expect(existsSync(path)).to.equal(false);
      const gone = await consumer.postStart(await consumer.startBody(orderOn(node, resultsDid, SECOND)));
      expect(gone.status).to.equal(400);
    });
  });
}
