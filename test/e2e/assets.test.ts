import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { AssetFile, Ddo, Service } from '@capstan/shared/contract/ddo';
import { loadOrCreateNodeKey } from '@capstan/shared/crypto/node-key';
import { publicKeyOf } from '@capstan/shared/crypto/seal';
import { expect } from 'chai';
import { describeAsset } from '../../scripts/catalogue/ddo.ts';
import { containerSectionChecksum } from '../../services/gateway/src/assets/trust.ts';
import { startAssetServer, type AssetServer } from '../support/asset-server.ts';
import { startMetadataStore, type MetadataStore } from '../support/metadata-store.ts';
import { NODE_CONTAINER, startTestNode, type TestNode } from '../support/node.ts';

const CODE = `
const { readFileSync } = require('node:fs');
const [did] = JSON.parse(process.env.DIDS);
console.log('read ' + readFileSync('/data/inputs/' + did.replace('did:op:', '') + '/0', 'utf8'));
`;
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

describe('assets of a metadata store', () => {
  let store: MetadataStore;
  let sources: AssetServer;
  let node: TestNode;
  let publicKey: string;
  before(async () => {
    store = await startMetadataStore();
    sources = await startAssetServer();
    node = await startTestNode({
      variables: {
        CAPSTAN_GATEWAY_METADATA_STORE_URL: store.url,
        CAPSTAN_GATEWAY_METADATA_FRESH_S: '0',
        CAPSTAN_RUNNER_FETCH_ALLOW_PRIVATE: '["127.0.0.0/8"]',
        CAPSTAN_RUNNER_FETCH_IPFS_GATEWAY: sources.url,
      },
    });
    publicKey = publicKeyOf(await loadOrCreateNodeKey(join(node.dataDir, 'node.key')));
  });
  after(async () => {
    await node[Symbol.asyncDispose]();
    await sources[Symbol.asyncDispose]();
    await store[Symbol.asyncDispose]();
  });

  const fileAt = (path: string, body: string): AssetFile => ({
    type: 'url',
    url: sources.serve(path, { kind: 'file', body }),
  });
  const publish = (asset: Parameters<typeof describeAsset>[0]['asset'], files: AssetFile[], more: Partial<Ddo> = {}) =>
    store.publish({ ...describeAsset({ asset, files, chainId: 8996, publicKey }), ...more });
  const anAlgorithm = (path: string, code = CODE) =>
    publish({ type: 'algorithm', name: 'code', access: 'access', container: NODE_CONTAINER }, [fileAt(path, code)]);
  const aDataset = (files: AssetFile[], compute: Service['compute'] = {}) => {
    const ddo = describeAsset({
      asset: { type: 'dataset', name: 'data', access: 'compute' },
      files,
      chainId: 8996,
      publicKey,
    });
    return store.publish({
      ...ddo,
      services: ddo.services.map((service) => ({ ...service, serviceEndpoint: node.url, compute })),
    });
  };
  const run = async (dataset: Ddo, algorithm: Ddo) => {
    await using live = await node.consumer.follow();
    const { jobId } = await node.consumer.start(node.orderOf(dataset, algorithm));
    return (await live.ended(jobId)).job;
  };
  const refusal = async (dataset: Ddo, algorithm: Ddo) => {
    const answer = await node.consumer.postStart(await node.consumer.startBody(node.orderOf(dataset, algorithm)));
    return [answer.status, ((await answer.json()) as { readonly error?: unknown }).error];
  };

  it('are computed on like those of the catalogue, and together with them', async () => {
    const hash = 'QmYwAPJzv5CZsnA625s3Xf2nemtYgPpHdWEz79ojWnPbdG';
    sources.serve(`/ipfs/${hash}`, { kind: 'file', body: 'the interplanetary file' });
    const algorithm = anAlgorithm('/plain.js');
    const job = await run(aDataset([{ type: 'ipfs', hash }]), algorithm);
    expect(job.status, job.terminationDetails?.reason).to.equal(70);
    const log = job.results.find(({ type }) => type === 'algorithmLog');
    expect(await (await node.consumer.result(job.jobId, log?.index ?? -1)).text()).to.equal(
      'read the interplanetary file\n',
    );
    expect((await run(await node.addDataset(), algorithm)).status).to.equal(70);
  });

  it('are refused from the moment in which their owner disables them', async () => {
    const algorithm = anAlgorithm('/plain.js');
    const dataset = aDataset([fileAt('/data', 'x')]);
    expect((await run(dataset, algorithm)).status).to.equal(70);
    store.publish({ id: dataset.id, nft: { state: 3 } });
    expect(await refusal(dataset, algorithm)).to.deep.equal([400, 'Asset is not consumable.']);
  });

  it('are for those whom their owner lets use them', async () => {
    const algorithm = anAlgorithm('/plain.js');
    const deny = [{ type: 'address', values: [node.consumer.address.toLowerCase()] }];
    const dataset = store.publish({ ...aDataset([fileAt('/data', 'x')]), credentials: { deny } });
    expect(await refusal(dataset, algorithm)).to.deep.equal([
      400,
      `Error: Access to asset ${dataset.id} was denied with code: ConsumableCodes.CREDENTIAL_IN_DENY_LIST.`,
    ]);
  });

  describe('with an algorithm that their owner trusts by its checksums', () => {
    const trusting = (
      did: string,
      checksums: { readonly filesChecksum?: string; readonly containerSectionChecksum?: string },
    ) => aDataset([fileAt('/data', 'x')], { publisherTrustedAlgorithms: [{ did, ...checksums }] });
    /** Any: an image that was built here has no digest to trust it by. */
    const container = '*';

    it('run if both are the ones', async () => {
      const algorithm = anAlgorithm('/trusted.js');
      const dataset = trusting(algorithm.id, { filesChecksum: sha256(CODE), containerSectionChecksum: container });
      const job = await run(dataset, algorithm);
      expect(job.status, job.terminationDetails?.reason).to.equal(70);
    });

    it('refuse it in another container, or another algorithm, at once', async () => {
      const algorithm = anAlgorithm('/trusted.js');
      const filesChecksum = sha256(CODE);
      const otherContainer = trusting(algorithm.id, { filesChecksum, containerSectionChecksum: sha256('other') });
      expect(await refusal(otherContainer, algorithm)).to.deep.equal([
        400,
        { algorithm: 'algorithm_container_checksum_mismatch' },
      ]);
      // The very container, by its name alone: it may be another image tomorrow.
      const unpinned = trusting(algorithm.id, {
        filesChecksum,
        containerSectionChecksum: containerSectionChecksum(NODE_CONTAINER),
      });
      expect(await refusal(unpinned, algorithm)).to.deep.equal([
        400,
        { algorithm: 'algorithm_container_checksum_mismatch' },
      ]);
      const otherAlgorithm = trusting(anAlgorithm('/other.js').id, {});
      expect(await refusal(otherAlgorithm, algorithm)).to.deep.equal([400, { algorithm: 'not_trusted_algo' }]);
    });

    it('never see it run if its file changes after the order', async () => {
      const algorithm = anAlgorithm('/changing.js');
      const dataset = trusting(algorithm.id, { filesChecksum: sha256(CODE), containerSectionChecksum: container });
      expect((await run(dataset, algorithm)).status).to.equal(70);

      const file = Promise.withResolvers<string>();
      sources.serve('/changing.js', { kind: 'later', body: file.promise });
      await using live = await node.consumer.follow();
      const { jobId } = await node.consumer.start(node.orderOf(dataset, algorithm));
      file.resolve(`${CODE}console.log('and more');`);
      const { job } = await live.ended(jobId);
      expect(job.status).to.equal(32);
      expect(job.terminationDetails?.reason).to.contain('algorithm_file_checksum_mismatch');
      expect(live.events().map(({ status }) => status)).not.to.include(40);
    });
  });

  it('get the parameters of the consumer, which nobody else sees', async () => {
    const dataset = aDataset([fileAt('/weather', 'without')]);
    fileAt('/weather?city=Bern&token=hush-hush', 'with');
    const algorithm = anAlgorithm('/plain.js');
    const order = node.orderOf(dataset, algorithm);
    await using live = await node.consumer.follow();
    const userdata = { city: 'Bern', token: 'hush-hush' };
    const { jobId } = await node.consumer.start({ ...order, dataset: { ...order.dataset, userdata } });
    const { job } = await live.ended(jobId);
    const log = job.results.find(({ type }) => type === 'algorithmLog');
    expect(await (await node.consumer.result(jobId, log?.index ?? -1)).text()).to.equal('read with\n');
    expect(JSON.stringify(await node.consumer.status({ jobId }))).not.to.contain('hush-hush');
    expect(sources.requests().filter((path) => path.includes('hush-hush'))).to.have.length(1);
  });
});
