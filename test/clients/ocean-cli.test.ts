/**
 * The calls that Ocean's command line tool makes for each of its commands, written after its public sources (it is in no registry), over an
 * unmodified ocean.js 3.4.6, on a node that has no metadata store but its own catalogue. What it reads of answers is read as it reads it.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'chai';
import { parseEther } from 'ethers';
import type { StatusObject } from '@capstan/shared/contract/api';
import type { OrderQuote } from '@capstan/shared/contract/quotes';
import { messageOf } from '@capstan/shared/contract/errors';
import { hasEnded } from '../../scripts/parts/subscription.ts';
import { CONFIRMATIONS, inSeconds, type Market } from '../support/chain/market.ts';
import { ANY, computing, described, files } from './ocean-cli-files.ts';
import type { Asset } from './ocean-js-shelf.ts';
import { loadOceanJs } from './ocean-js.ts';
import { startPublishersWorld, type Person, type PublishersWorld } from './publishers-world.ts';
import { quietConsole } from './quiet.ts';

const START_LIMIT_MS = 120_000;
const POLL_EVERY_MS = 200;
const POLL_LIMIT_MS = 50_000;
const DATA = 'a,b\n1,2\n';
const CODE = 'echo yes > /data/outputs/done';
const FOREVER = 'while :; do sleep 1; done';
const ZERO = `0x${'0'.repeat(40)}`;

describe('the commands of ocean-cli', () => {
  const releases = new AsyncDisposableStack();
  const { downloadFile } = loadOceanJs('3.4');
  let world: PublishersWorld;
  let market: Market;
  let owner: Person;
  let consumer: Person;
  before(async function () {
    this.timeout(START_LIMIT_MS);
    releases.use(quietConsole());
    world = releases.use(await startPublishersWorld());
    ({ market } = world);
    [owner, consumer] = [world.person(1), world.person(2)];
    await market.ocean.fund(consumer.trader.signer.address, parseEther('1000'));
  });
  after(() => releases.disposeAsync());

  /** Sealed before it is validated, and recorded without a proof. */
  const record = async ({ publisher, trader, shelf }: Person, ddo: Asset): Promise<void> => {
    const { url } = market.node;
    const sealed = await publisher.files.encrypt(ddo, ddo.chainId, url);
    const { hash = '' } = await publisher.aquarius.validate(ddo);
    const { address } = trader.signer;
    const sent = await shelf.nfts.setMetadata(ddo.nftAddress, address, 0, url, '', '0x02', sealed, hash);
    await world.index((await sent.wait()).transactionHash);
  };

  /** publish, publishAlgo */
  const publish = async (person: Person, description: ReturnType<typeof described>): Promise<string> => {
    const { url } = market.node;
    const { address } = person.trader.signer;
    const nft = { name: 'A', symbol: 'A', templateIndex: 1, tokenURI: 'aaa', transferable: true, owner: address };
    const noFee = { feeAmount: '0', feeToken: market.ocean.money, mpFeeAddress: ZERO };
    const datatoken = { templateIndex: 1, cap: '100000', paymentCollector: address, minter: address, ...noFee };
    const given = {
      maxTokens: '1',
      maxBalance: '1',
      withMint: true,
      allowedSwapper: ZERO,
      dispenserAddress: world.dispenser,
    };
    const sent = await person.shelf.factory.createNftWithDatatokenWithDispenser(nft, datatoken, given);
    const receipt = await sent.wait();
    const newToken = (event: string) => person.shelf.eventOf(receipt, event).args['newTokenAddress'] ?? '';
    const [nftAddress, datatokenAddress] = [newToken('NFTCreated'), newToken('TokenCreated')];
    const { chainId } = market.chain;
    const [service] = description.services as unknown as readonly [{ readonly files: object }];
    const contents = { ...service.files, datatokenAddress, nftAddress };
    const sealed = await person.publisher.files.encrypt(contents, chainId, url);
    const ddo = {
      ...description,
      id: person.shelf.generateDid(nftAddress, chainId),
      chainId,
      nftAddress,
      services: [{ ...service, files: sealed, datatokenAddress, serviceEndpoint: url }],
    } as unknown as Asset;
    await record(person, ddo);
    return ddo.id;
  };

  /** getDDO: what each command begins with. */
  const resolve = async ({ publisher }: Person, did: string) => (await publisher.indexed(did)) as Asset;
  const first = (asset: Asset) => {
    const [service] = asset.services;
    if (!service) throw new TypeError('an asset has a service');
    return service;
  };

  const publishDataset = (lists: object = {}) => {
    const url = world.serve(DATA);
    const service = { ...computing(lists), files: files({ type: 'url', url, method: 'GET' }) };
    return publish(owner, described('dataset', service));
  };
  /** Its files are written without a type. */
  const publishAlgorithm = (code: string) => {
    const url = world.serve(code);
    const service = { ...computing(), files: files({ url, contentType: 'text/js', encoding: 'UTF-8' }) };
    return publish(
      owner,
      described('algorithm', service, { algorithm: { language: '', version: '0.1', container: world.container } }),
    );
  };

  const handleOrder = async (quote: OrderQuote, asset: Asset, consumerAddress: string): Promise<string> => {
    const { shelf } = consumer;
    const { providerFee, validOrder } = quote;
    const { datatokenAddress } = first(asset);
    if (providerFee?.providerFeeAmount !== undefined) {
      await shelf.approve(providerFee.providerFeeToken, datatokenAddress, providerFee.providerFeeAmount);
    }
    if (validOrder !== undefined && providerFee === undefined) return validOrder;
    if (validOrder !== undefined && providerFee) {
      const sent = await shelf.datatokens.reuseOrder(datatokenAddress, validOrder, providerFee);
      return shelf.eventOf(await sent.wait(), 'OrderReused').transactionHash;
    }
    const receipt = await shelf.orderAsset(asset, market.node.url, consumerAddress, providerFee);
    return shelf.eventOf(receipt, 'OrderStarted').transactionHash;
  };

  const initialize = async (datasets: readonly Asset[], code: Asset) => {
    const { provider, signer } = consumer.trader;
    const { url } = market.node;
    const [environment] = (await provider.getComputeEnvironments(url))[market.chain.chainId] ?? [];
    if (!environment) throw new TypeError('the tool takes the first');
    const named = (asset: Asset) => ({ documentId: asset.id, serviceId: first(asset).id });
    const assets = datasets.map(named);
    const until = inSeconds(300);
    const quotes = await provider.initializeCompute(assets, named(code), environment.id, until, url, signer.address);
    return { environment, assets, code: named(code), quotes };
  };

  /** startCompute, with as many datasets as it is given. */
  const startCompute = async (dids: readonly string[], codeDid: string): Promise<string> => {
    const { provider, signer } = consumer.trader;
    const datasets = await Promise.all(dids.map((did) => resolve(consumer, did)));
    const algorithmAsset = await resolve(consumer, codeDid);
    const { environment, assets, code, quotes } = await initialize(datasets, algorithmAsset);
    if (!quotes.algorithm || 'error' in quotes.algorithm) throw new Error('the tool gives up here');
    const { consumerAddress } = environment;
    const codeOrder = await handleOrder(quotes.algorithm, algorithmAsset, consumerAddress);
    const ordered = [];
    for (const [index, dataset] of datasets.entries()) {
      const quote = quotes.datasets[index];
      if (!quote) throw new TypeError('one for each');
      ordered.push({
        documentId: dataset.id,
        serviceId: assets[index]?.serviceId ?? '',
        transferTxId: await handleOrder(quote, dataset, consumerAddress),
      });
    }
    await market.ocean.mine(CONFIRMATIONS - 1);
    const [main, ...others] = ordered;
    if (!main) throw new TypeError('there is one');
    const jobs = (await provider.computeStart(
      market.node.url,
      signer,
      environment.id,
      main,
      { ...code, transferTxId: codeOrder },
      undefined,
      others.length > 0 ? others : undefined,
    )) as readonly StatusObject[];
    return jobs[0]?.jobId ?? '';
  };

  /** getJobStatus, again and again. */
  const ended = async (did: string, jobId: string, is = hasEnded): Promise<StatusObject> => {
    await resolve(consumer, did);
    const { provider, signer } = consumer.trader;
    const signal = AbortSignal.timeout(POLL_LIMIT_MS);
    for (;;) {
      const answer = await provider.computeStatus(market.node.url, signer.address, jobId);
      const [seen] = answer as readonly StatusObject[];
      if (seen && is(seen)) return seen;
      await delay(POLL_EVERY_MS, undefined, { signal });
    }
  };

  it('publish and getDDO: what a metadata store would add is there', async () => {
    const did = await publishDataset();
    const asset = await resolve(consumer, did);
    expect(asset.nft).to.include({ address: asset.nftAddress, owner: owner.trader.signer.address, state: 0 });
    const { datatokenAddress } = first(asset);
    expect(asset.datatokens).to.have.length(1);
    expect(asset.datatokens[0]).to.include({ address: datatokenAddress, serviceId: first(asset).id });
    expect(asset.datatokens[0]?.name, 'from its contract').to.be.a('string').that.is.not.equal('');
  });

  it('startCompute, getJobStatus and downloadJobResults, on two datasets', async () => {
    const [data, more, code] = [await publishDataset(ANY), await publishDataset(ANY), await publishAlgorithm(CODE)];
    const jobId = await startCompute([data, more], code);
    const job = await ended(data, jobId);
    expect(job.status, job.terminationDetails?.reason).to.equal(70);
    const { provider, signer } = consumer.trader;
    const index = job.results.find(({ filename }) => filename === 'done')?.index ?? -1;
    const result = await downloadFile(await provider.getComputeResultUrl(market.node.url, signer, jobId, index));
    expect(Buffer.from(result.data).toString()).to.equal('yes\n');
    expect(result.filename).to.equal('done');
  });

  it('stopCompute', async () => {
    const [data, code] = [await publishDataset(ANY), await publishAlgorithm(FOREVER)];
    const jobId = await startCompute([data], code);
    await ended(data, jobId, ({ status }) => status >= 40);
    const { provider, signer } = consumer.trader;
    await provider.computeStop(data, signer.address, jobId, market.node.url, signer);
    expect((await ended(data, jobId)).status).to.equal(7);
  });

  it('allowAlgo and disallowAlgo: nobody is trusted at first, and nobody at the end', async () => {
    const [data, code] = [await publishDataset(), await publishAlgorithm(CODE)];
    const attempt = async () => {
      const [dataset, algorithmAsset] = [await resolve(consumer, data), await resolve(consumer, code)];
      return initialize([dataset], algorithmAsset).then(({ quotes }) => quotes.algorithm, messageOf);
    };
    const refused = await attempt();
    expect(refused, 'before').not.to.have.property('providerFee');

    const update = async (change: (trusted: readonly object[]) => readonly object[]) => {
      const asset = await resolve(owner, data);
      expect(asset.nft.owner, 'the tool goes on only for the owner').to.equal(owner.trader.signer.address);
      const { compute, ...service } = first(asset);
      const trusted = change(compute?.publisherTrustedAlgorithms ?? []);
      const services = [{ ...service, compute: { ...compute, publisherTrustedAlgorithms: trusted } }];
      await record(owner, { ...asset, services } as unknown as Asset);
    };
    const algorithmAsset = await resolve(owner, code);
    const { url } = market.node;
    const [info] = await owner.publisher.files.checkDidFiles(code, first(algorithmAsset).id, url, true);
    const { container } = algorithmAsset.metadata.algorithm ?? {};
    const containerSectionChecksum = owner.shelf.getHash(String(container?.entrypoint) + String(container?.checksum));
    await update((trusted) => [...trusted, { did: code, containerSectionChecksum, filesChecksum: info?.checksum }]);
    expect(await ended(data, await startCompute([data], code))).to.include({ status: 70 });
    await update((trusted) => trusted.slice(0, -1));
    expect(await attempt(), 'disallowed').not.to.have.property('providerFee');
  });

  it('editAsset', async () => {
    const did = await publishDataset();
    const asset = await resolve(owner, did);
    await record(owner, { ...asset, metadata: { ...asset.metadata, name: 'Another name' } });
    expect((await resolve(consumer, did)).metadata.name).to.equal('Another name');
  });

  it('download', async () => {
    const url = world.serve(DATA);
    const service = { type: 'access', files: files({ type: 'url', url, method: 'GET' }) };
    const asset = await resolve(consumer, await publish(owner, described('dataset', service)));
    const receipt = await consumer.shelf.orderAsset(asset, market.node.url);
    await market.ocean.mine(CONFIRMATIONS - 1);
    const { signer } = consumer.trader;
    const file = await consumer.publisher.files.getDownloadUrl(
      asset.id,
      first(asset).id,
      0,
      receipt.transactionHash,
      market.node.url,
      signer,
    );
    expect(Buffer.from((await downloadFile(file)).data).toString()).to.equal(DATA);
  });
});
