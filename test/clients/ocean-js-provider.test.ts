import { expect } from 'chai';
import { parseEther, Wallet } from 'ethers';
import type { Ddo, Service } from '@capstan/shared/contract/ddo';
import { messageOf } from '@capstan/shared/contract/errors';
import { startAssetServer, type AssetServer } from '../support/asset-server.ts';
import { createIndexer, sha256, type Indexer } from '../support/chain/indexer.ts';
import { CONFIRMATIONS, inSeconds, serviceOf, startMarket, tokenOf, type Market } from '../support/chain/market.ts';
import { publishable } from '../support/descriptions/publishable.ts';
import { NODE_CONTAINER } from '../support/node.ts';
import { createTrader, type Trader } from './ocean-js-market.ts';
import { loadOceanJs, VERSIONS } from './ocean-js.ts';
import { createPublisher, type Publisher } from './ocean-js-publisher.ts';
import { quietConsole } from './quiet.ts';

const START_LIMIT_MS = 120_000;
const DATA = '0123456789';
const CODE = 'console.log("approved")';
const CONTAINER = { ...NODE_CONTAINER, checksum: `sha256:${'5a'.repeat(32)}` };
const INDEXER = Wallet.createRandom().privateKey;

describe('a node without any metadata store, for ocean.js', () => {
  const releases = new AsyncDisposableStack();
  let market: Market;
  let server: AssetServer;
  let indexer: Indexer;
  before(async function () {
    this.timeout(START_LIMIT_MS);
    releases.use(quietConsole());
    server = releases.use(await startAssetServer());
    market = releases.use(
      await startMarket({
        CAPSTAN_RUNNER_FETCH_ALLOW_PRIVATE: '["127.0.0.0/8"]',
        CAPSTAN_GATEWAY_DECRYPTERS: new Wallet(INDEXER).address,
      }),
    );
    const { chainId } = market.chain;
    indexer = createIndexer({ chainId, keep: (ddo) => market.node.writeDdo(ddo) }, new Wallet(INDEXER));
  });
  after(() => releases.disposeAsync());

  for (const [index, version] of VERSIONS.entries()) {
    describe(version, () => {
      const { downloadFile } = loadOceanJs(version);
      let owner: Trader;
      let consumer: Trader;
      let publisher: Publisher;
      let sold: Ddo;
      let code: Ddo;
      before(async () => {
        owner = createTrader(market.ocean.account(1 + index).privateKey, market.chain.url, version);
        consumer = createTrader(market.ocean.account(4 + index).privateKey, market.chain.url, version);
        publisher = createPublisher(version, owner.signer, market.node.url);
        await market.ocean.fund(consumer.signer.address, parseEther('100'));
      });

      /** As an owner does: tokens, files sealed by the node, the description found valid, sealed and recorded; then it is indexed. */
      const publish = async (url: string, change: Partial<Ddo> = {}, service: Partial<Service> = {}): Promise<Ddo> => {
        const token = await owner.publish(market.ocean.factory);
        const { chainId } = market.chain;
        const contents = { ...token, files: [{ type: 'url', url, method: 'GET' }] };
        const files = await publisher.files.encrypt(contents, chainId, market.node.url);
        const base = publishable({ ...token, chainId, files, serviceEndpoint: market.node.url });
        const ddo = {
          ...base,
          ...change,
          metadata: { ...base.metadata, ...change.metadata },
          services: base.services.map((each) => ({ ...each, ...service })),
        };
        const transaction = await publisher.record(ddo);
        expect(await indexer.index(market.node.url, transaction)).to.deep.equal(ddo);
        expect((await publisher.indexed(ddo.id)).id).to.equal(ddo.id);
        await owner.mint(token.datatokenAddress, consumer.signer.address);
        return ddo;
      };

      it('tells of a file before it is published', async () => {
        const url = server.serve(`/${version}/data.csv`, { kind: 'file', body: DATA });
        const file = { type: 'url', url, method: 'GET' };
        const [info] = await publisher.files.getFileInfo(file, market.node.url, true);
        expect(info).to.deep.include({
          index: 0,
          valid: true,
          type: 'url',
          checksum: sha256(DATA),
          checksumType: 'sha256',
        });
        const [missing] = await publisher.files.getFileInfo({ ...file, url: `${url}x` }, market.node.url);
        expect(missing).to.include({ valid: false });
      });

      it('publishes: valid, sealed, recorded, opened for an indexer, found', async () => {
        sold = await publish(server.serve(`/${version}/sold.csv`, { kind: 'file', body: DATA }));
        expect((await publisher.aquarius.resolve(sold.id)).services[0]?.id).to.equal('service');
        const { hits } = await publisher.aquarius.querySearch({ query: { term: { id: sold.id } } });
        expect(hits.hits.map(({ _id }) => _id)).to.deep.equal([sold.id]);
        const refused = await publisher.aquarius.validate({ ...sold, version: 'one' });
        expect(refused.valid).to.equal(false);
      });

      it('sells access, and downloads what was sold', async () => {
        const { url } = market.node;
        const [info] = await publisher.files.checkDidFiles(sold.id, 'service', url);
        expect(info).to.include({ valid: true, type: 'url' });
        const quote = await consumer.provider.initialize(sold.id, 'service', 0, consumer.signer.address, url);
        const transferTxId = await consumer.order(tokenOf(sold), quote);
        await market.ocean.mine(CONFIRMATIONS - 1);
        const [first, again] = [0, 0].map(() =>
          publisher.files.getDownloadUrl(sold.id, 'service', 0, transferTxId, url, consumer.signer),
        );
        for (const each of [await first, await again]) {
          const file = await downloadFile(String(each));
          expect(Buffer.from(file.data).toString()).to.equal(DATA);
          expect(file.filename).to.equal('file-0.csv');
        }
        const stranger = createTrader(market.ocean.account(8).privateKey, market.chain.url, version);
        const stolen = await publisher.files.getDownloadUrl(sold.id, 'service', 0, transferTxId, url, stranger.signer);
        const problem = await downloadFile(stolen).then(() => 'none', messageOf);
        expect(problem).to.equal('Response error.');
      });

      it('trusts an algorithm by what the node says of its files', async () => {
        const { url, environment } = market.node;
        code = await publish(server.serve(`/${version}/code.js`, { kind: 'file', body: CODE }), {
          metadata: { type: 'algorithm', name: 'Counts', algorithm: { container: CONTAINER } },
        });
        const [info] = await publisher.files.checkDidFiles(code.id, 'service', url, true);
        const containerSectionChecksum = sha256(CONTAINER.entrypoint + CONTAINER.checksum);
        const entry = { did: code.id, filesChecksum: info?.checksum ?? '', containerSectionChecksum };
        const compute = { allowRawAlgorithm: false, allowNetworkAccess: false, publisherTrustedAlgorithms: [entry] };
        const body = server.serve(`/${version}/data.txt`, { kind: 'file', body: DATA });
        const dataset = await publish(body, {}, { type: 'compute', compute });
        const named = (ddo: Ddo) => ({ documentId: ddo.id, serviceId: serviceOf(ddo).id });
        const asked = [
          [named(dataset)],
          named(code),
          environment,
          inSeconds(600),
          url,
          consumer.signer.address,
        ] as const;
        const quotes = await consumer.provider.initializeCompute(...asked);
        expect(quotes.algorithm).to.have.property('checked', true);
        expect(quotes.datasets[0]).to.have.property('datatoken', tokenOf(dataset));
      });
    });
  }
});
