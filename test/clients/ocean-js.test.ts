import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'chai';
import type { StatusObject } from '@capstan/shared/contract/api';
import type { Ddo } from '@capstan/shared/contract/ddo';
import type { Manifest } from '@capstan/shared/results/manifest';
import { messageOf } from '@capstan/shared/contract/errors';
import { loadOrCreateNodeKey } from '@capstan/shared/crypto/node-key';
import { unseal } from '@capstan/shared/crypto/seal';
import { assetOrder } from '../../scripts/demo/assets.ts';
import { startAnvil, type Anvil } from '../../scripts/parts/anvil.ts';
import { hasEnded } from '../../scripts/parts/subscription.ts';
import { NODE_CONTAINER, startTestNode, type TestNode } from '../support/node.ts';
import { loadOceanJs, VERSIONS, type Signer } from './ocean-js.ts';
import { quietConsole } from './quiet.ts';
import { untilFirstOutput } from '../support/runner/first-output.ts';

const CODE = `
const { readFileSync, writeFileSync } = require('node:fs');
const [did] = JSON.parse(process.env.DIDS);
console.log('counting');
writeFileSync('/data/outputs/length.json', JSON.stringify({ length: readFileSync('/data/inputs/' + did.replace('did:op:', '') + '/0').length }));
`;
const ENDLESS = `console.log('waiting'); setInterval(() => {}, 1000);`;

/** What a person's page does while it shows a job. */
const POLL_EVERY_MS = 100;
const POLL_LIMIT_MS = 60_000;

const listed = (jobs: StatusObject | readonly StatusObject[] | null): readonly StatusObject[] => {
  expect(jobs, 'an answer').to.be.an('array');
  return jobs as readonly StatusObject[];
};

for (const version of VERSIONS) {
  describe(`ocean.js ${version}`, () => {
    const { provider, downloadFile, newSigner } = loadOceanJs(version);
    const releases = new AsyncDisposableStack();
    let chain: Anvil;
    let node: TestNode;
    let dataset: Ddo;
    let algorithm: Ddo;
    before(async () => {
      releases.use(quietConsole());
      chain = releases.use(await startAnvil());
      node = releases.use(await startTestNode());
      dataset = await node.addDataset({ files: [{ text: '0123456789' }], isRawAllowed: true });
      algorithm = await node.addAlgorithm({ code: CODE });
    });
    after(() => releases.disposeAsync());

    const wallet = () => newSigner(chain.url);

    const start = async (signer: Signer, what: Ddo | string = algorithm): Promise<StatusObject> => {
      const code = typeof what === 'string' ? { meta: { rawcode: what, container: NODE_CONTAINER } } : assetOrder(what);
      const jobs = await provider.computeStart(node.url, signer, node.environment, assetOrder(dataset), code);
      const [job, ...more] = listed(jobs);
      expect(more).to.deep.equal([]);
      if (job === undefined) throw new Error('The node named no job.');
      return job;
    };

    const polled = async (signer: Signer, jobId: string, isIt: (job: StatusObject) => boolean) => {
      const seen: StatusObject[] = [];
      const signal = AbortSignal.timeout(POLL_LIMIT_MS);
      for (;;) {
        const [job] = listed(await provider.computeStatus(node.url, signer.address, jobId));
        if (job !== undefined) seen.push(job);
        if (job !== undefined && isIt(job)) return { job, seen };
        await delay(POLL_EVERY_MS, undefined, { signal });
      }
    };

    /** 3.4 takes an agreement's id, too; without one it sends an empty text. */
    const stop = (jobId: string, signer: Signer, { address = signer.address, agreementId = '' } = {}) =>
      version === '3.4'
        ? provider.computeStop(dataset.id, address, jobId, node.url, signer, agreementId)
        : provider.computeStop(dataset.id, address, jobId, node.url, signer);

    it('recognises the node, and finds its way by what the node lists', async () => {
      expect(await provider.isValidProvider(node.url)).to.equal(true);
      const { serviceEndpoints } = await provider.getEndpoints(node.url);
      expect(serviceEndpoints['computeStart']).to.deep.equal(['POST', '/api/services/compute']);
    });

    it('finds the environments of its chain', async () => {
      const signer = wallet();
      const environments = await provider.getComputeEnvironments(node.url);
      const [environment] = environments[await signer.getChainId()] ?? [];
      expect(environment).to.include({ id: node.environment, currentJobs: 0, maxJobs: 2, priceMin: 0 });
      expect(environment?.consumerAddress).to.match(/^0x[0-9a-fA-F]{40}$/);
      expect(environment?.cpuNumber).to.be.greaterThan(0);
      expect(await provider.getNonce(node.url, signer.address)).to.equal(0);
    });

    it('has files encrypted that only the node can read', async () => {
      const files = {
        datatokenAddress: '0x1',
        nftAddress: '0x2',
        files: [{ type: 'url', url: 'https://example.org/ä' }],
      };
      const sealed = await provider.encrypt(files, chain.chainId, node.url);
      expect(sealed).to.match(/^0x[0-9a-f]+$/);
      const key = await loadOrCreateNodeKey(join(node.dataDir, 'node.key'));
      expect(JSON.parse(unseal(key, sealed))).to.deep.equal(files);
    });

    it('starts a job, polls it to its end, and downloads what the manifest lists', async () => {
      const signer = wallet();
      const started = await start(signer);
      expect(started).to.include({ status: 1, statusText: 'Warming up', owner: signer.address, did: dataset.id });
      const { job, seen } = await polled(signer, started.jobId, hasEnded);
      expect(job).to.include({ status: 70, statusText: 'Job completed', algoDID: algorithm.id });
      const codes = seen.map(({ status }) => status);
      expect(codes).to.deep.equal(codes.toSorted((a, b) => a - b));

      const path = join(node.dataDir, 'results', job.jobId, '1', 'manifest.json');
      const manifest = JSON.parse(await readFile(path, 'utf8')) as Manifest;
      expect(job.results.map(({ filename }) => filename)).to.have.members(['length.json', 'algorithm.log']);
      for (const { filename, index } of job.results) {
        const url = await provider.getComputeResultUrl(node.url, signer, job.jobId, index);
        const file = await downloadFile(url);
        const sha256 = createHash('sha256').update(Buffer.from(file.data)).digest('hex');
        expect(sha256).to.equal(manifest.files.find((each) => each.index === index)?.sha256);
        expect(file.filename).to.equal(filename);
        if (filename === 'length.json')
          expect(JSON.parse(Buffer.from(file.data).toString())).to.deep.equal({ length: 10 });
      }
    });

    it('counts nonces on from what the node knows', async () => {
      const signer = wallet();
      await start(signer);
      expect(await provider.getNonce(node.url, signer.address)).to.equal(1);
      const { jobId } = await start(signer);
      expect(await provider.getNonce(node.url, signer.address)).to.equal(2);
      await polled(signer, jobId, hasEnded);
    });

    it('stops a job that runs', async () => {
      const signer = wallet();
      const { jobId, agreementId } = await start(signer, ENDLESS);
      await polled(signer, jobId, ({ status }) => status === 40);
      await untilFirstOutput(jobId);
      const stopped = await stop(jobId, signer, { agreementId });
      expect(listed(stopped).map((job) => [job.jobId, job.status, job.statusText])).to.deep.equal([
        [jobId, 7, 'Job stopped'],
      ]);
      const { job } = await polled(signer, jobId, hasEnded);
      expect(job.status).to.equal(7);
      const log = job.results.find(({ type }) => type === 'algorithmLog');
      const file = await downloadFile(await provider.getComputeResultUrl(node.url, signer, jobId, log?.index ?? -1));
      expect(Buffer.from(file.data).toString()).to.equal('waiting\n');
    });

    it('deletes a job, whether it runs or has ended', async () => {
      const signer = wallet();
      const running = await start(signer, ENDLESS);
      await polled(signer, running.jobId, ({ status }) => status === 40);
      const ended = await start(signer);
      await polled(signer, ended.jobId, hasEnded);
      for (const { jobId } of [running, ended]) {
        const deleted = listed(await provider.computeDelete(dataset.id, signer, jobId, node.url));
        expect(deleted.map((job) => [job.jobId, job.status, job.statusText])).to.deep.equal([
          [jobId, 8, 'Job deleted successfully'],
        ]);
        expect(await provider.computeStatus(node.url, signer.address, jobId)).to.deep.equal([]);
      }
    });

    it('serves two who come at the same time', async () => {
      const [one, other] = [wallet(), wallet()];
      const results = await Promise.all(
        [one, other].map(async (signer) => {
          const { jobId } = await start(signer);
          const { job } = await polled(signer, jobId, hasEnded);
          const url = await provider.getComputeResultUrl(node.url, signer, jobId, 0);
          return { job, bytes: (await downloadFile(url)).data.byteLength };
        }),
      );
      expect(results.map(({ job }) => job.status)).to.deep.equal([70, 70]);
      expect(results.map(({ job }) => job.owner)).to.deep.equal([one.address, other.address]);
      for (const { job, bytes } of results) expect(bytes).to.equal(job.results[0]?.filesize);
      expect(listed(await provider.computeStatus(node.url, one.address)).map(({ owner }) => owner)).to.deep.equal([
        one.address,
      ]);
    });

    it('gets nowhere with the wrong wallet', async () => {
      const [owner, stranger] = [wallet(), wallet()];
      const { jobId } = await start(owner, ENDLESS);
      await polled(owner, jobId, ({ status }) => status === 40);
      const refused = (attempt: Promise<unknown>) =>
        attempt.then((value) => `answered ${JSON.stringify(value)}`, messageOf);
      expect(await refused(stop(jobId, stranger))).to.match(/^\{"error":"There is no such job of yours\./);
      // Somebody else's address under a signature of one's own.
      const forged = stop(jobId, stranger, { address: owner.address });
      expect(await refused(forged)).to.match(/Invalid signature provided/);
      expect(await refused(provider.computeDelete(dataset.id, stranger, jobId, node.url))).to.match(/no such job/);
      const url = await provider.getComputeResultUrl(node.url, stranger, jobId, 0);
      expect(await refused(downloadFile(url))).to.equal('Response error.');
      const { job } = await polled(owner, jobId, () => true);
      expect(job.status).to.equal(40);
      await stop(jobId, owner);
    });

    it(`selects jobs by ${version === '3.4' ? 'agreement' : 'dataset'}`, async () => {
      const signer = wallet();
      const [first, second] = [await start(signer), await start(signer)];
      const by = version === '3.4' ? first.agreementId : dataset.id;
      const jobs = listed(await provider.computeStatus(node.url, signer.address, undefined, by));
      const expected = version === '3.4' ? [first.jobId] : [first.jobId, second.jobId];
      expect(jobs.map(({ jobId }) => jobId)).to.have.members(expected);
      await Promise.all([first, second].map(({ jobId }) => polled(signer, jobId, hasEnded)));
    });

    it('reads a refusal as one', async () => {
      const asset = assetOrder(dataset);
      expect(await provider.computeStart(node.url, wallet(), 'nowhere', asset, assetOrder(algorithm))).to.equal(null);
    });
  });
}
