/**
 * The calls that data portals (deltaDAO's for Pontus-X, and Ocean Market before it) make on the page of a dataset that one computes on,
 * written after their public sources, over an unmodified ocean.js 3.4.6, on a node whose catalogue is their metadata store. What they read of
 * answers is read here as they read it: a place in a list is an index, an end is a date, an error is what stands in its text.
 */
import { createRequire } from 'node:module';
import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'chai';
import { parseEther } from 'ethers';
import type { StatusObject } from '@capstan/shared/contract/api';
import type { FoundAssets } from '@capstan/shared/contract/asset-answers';
import type { Ddo } from '@capstan/shared/contract/ddo';
import type { OrderQuote } from '@capstan/shared/contract/quotes';
import { messageOf } from '@capstan/shared/contract/errors';
import { CONFIRMATIONS, inSeconds, serviceOf, startMarket, tokenOf, type Market } from '../support/chain/market.ts';
import { createTrader, type Trader } from './ocean-js-market.ts';
import { createPublisher } from './ocean-js-publisher.ts';
import type { Asset } from './ocean-js-shelf.ts';
import { loadOceanJs } from './ocean-js.ts';
import { quietConsole } from './quiet.ts';

const START_LIMIT_MS = 120_000;
const POLL_EVERY_MS = 200;
const POLL_LIMIT_MS = 50_000;
const NOBODY = `0x${'0'.repeat(40)}`;
const CODE = `console.log('counted'); require('node:fs').writeFileSync('/data/outputs/done', 'yes')`;

const { getErrorMessage } = createRequire(import.meta.url)('ocean-js-3.4') as {
  getErrorMessage(text: string): string;
};

interface Searched {
  readonly filters: readonly object[];
  /** Whatever its state. */
  readonly ignoreState?: boolean;
  /** Only of these owners, as a portal of a few publishers asks. */
  readonly whitelist?: readonly string[];
}

describe('the calls of a portal', () => {
  const releases = new AsyncDisposableStack();
  const { downloadFile } = loadOceanJs('3.4');
  let market: Market;
  let consumer: Trader;
  let dataset: Ddo;
  let algorithm: Ddo;
  before(async function () {
    this.timeout(START_LIMIT_MS);
    releases.use(quietConsole());
    market = releases.use(await startMarket({ CAPSTAN_ASSETS_TRUST_WITHOUT_CHECKSUMS: 'true' }));
    consumer = createTrader(market.ocean.account(2).privateKey, market.chain.url);
    dataset = await market.publish();
    algorithm = await market.publishAlgorithm(CODE);
    await market.ocean.fund(consumer.signer.address, parseEther('100'));
    for (const each of [dataset, algorithm])
      await market.ocean.mint(market.owner, tokenOf(each), consumer.signer.address, 5);
  });
  after(() => releases.disposeAsync());

  /** Each of its searches is built upon this one. */
  const search = async ({ filters, ignoreState = false, whitelist = [] }: Searched): Promise<readonly Asset[]> => {
    const notWanted = [...(ignoreState ? [] : [{ term: { 'nft.state': 5 } }]), { term: { 'price.type': 'pool' } }];
    const owners = { should: whitelist.map((owner) => ({ match: { 'nft.owner': owner } })), minimum_should_match: 1 };
    const query = {
      from: 0,
      size: 1000,
      query: {
        bool: {
          ...(whitelist.length > 0 ? { must: [{ bool: owners }] } : {}),
          filter: [
            ...filters,
            { terms: { chainId: [market.chain.chainId] } },
            { terms: { _index: ['v510'] } },
            { term: { 'purgatory.state': false } },
            { bool: { must_not: notWanted } },
          ],
        },
      },
      sort: { 'nft.created': 'desc' },
    };
    const response = await fetch(`${market.node.url}/api/aquarius/assets/query`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(query),
    });
    const answer = await response.text();
    expect(response.status, answer).to.equal(200);
    const { hits } = JSON.parse(answer) as FoundAssets;
    return hits.hits.map(({ _source }) => _source as Asset);
  };

  const resolved = async ({ id }: Ddo): Promise<Asset> =>
    (await createPublisher('3.4', consumer.signer, market.node.url).aquarius.resolve(id)) as Asset;

  /** Where an asset is served: from then on it asks there. */
  const endpointOf = (asset: Ddo): string => {
    const { serviceEndpoint } = serviceOf(asset);
    if (serviceEndpoint === undefined) throw new TypeError('a portal breaks here');
    return serviceEndpoint;
  };

  const quotesFor = (
    address: string,
    { data, code, env }: Readonly<Record<'data' | 'code', Asset>> & { env: string },
  ) => {
    const named = (asset: Asset) => ({ documentId: asset.id, serviceId: serviceOf(asset).id, transferTxId: undefined });
    const at = endpointOf(data);
    return consumer.provider.initializeCompute([named(data)], named(code), env, inSeconds(600), at, address);
  };

  const startJob = async (): Promise<StatusObject> => {
    const { provider, signer } = consumer;
    const [data, code] = [await resolved(dataset), await resolved(algorithm)];
    const url = endpointOf(data);
    const environment = (await provider.getComputeEnvironments(url))[data.chainId]?.[0];
    if (!environment) throw new TypeError('a portal breaks here');
    const quotes = await quotesFor(signer.address, { data, code, env: environment.id });
    const order = async (asset: Asset, quote: OrderQuote | undefined) => {
      if (!quote) throw new TypeError('a portal breaks here');
      // In the name of the environment: its address may fetch the files.
      const transaction = await consumer.order(tokenOf(asset), quote, environment.consumerAddress);
      await market.ocean.mine(CONFIRMATIONS - 1);
      return { documentId: asset.id, serviceId: serviceOf(asset).id, transferTxId: transaction };
    };
    const codeOrder = await order(code, quotes.algorithm);
    const dataOrder = await order(data, quotes.datasets[0]);
    const jobs = (await provider.computeStart(
      url,
      signer,
      environment.id,
      dataOrder,
      { ...codeOrder, algocustomdata: {} },
      new AbortController().signal,
      undefined,
      { publishAlgorithmLog: true, publishOutput: true },
    )) as readonly StatusObject[];
    const [job] = jobs;
    if (!job) throw new Error('Error starting compute job.');
    return job;
  };

  /** Of all jobs of an account, those on assets that it finds and that are served where it asked. */
  const jobsOf = async (account: string) => {
    const assets = await search({
      filters: [
        { terms: { 'services.datatokenAddress': [dataset, algorithm].map((asset) => tokenOf(asset).toLowerCase()) } },
        { term: { 'services.type': 'compute' } },
        { term: { 'metadata.type': 'dataset' } },
      ],
    });
    const url = endpointOf(dataset.id === assets[0]?.id ? assets[0] : dataset);
    const jobs = (await consumer.provider.computeStatus(url, account)) as readonly StatusObject[];
    return jobs
      .toSorted((a, b) => Number(b.dateCreated) - Number(a.dateCreated))
      .flatMap((job) => {
        const asset = assets.find(({ id }) => id === job.inputDID[0]);
        const isServedThere = asset !== undefined && endpointOf(asset) === url;
        return isServedThere ? [{ job, symbol: asset.datatokens[0]?.symbol }] : [];
      });
  };

  it('finds the algorithms that may run on a dataset, those named and those of its owners', async () => {
    const isAlgorithm = { term: { 'metadata.type': 'algorithm' } };
    const any = await search({ filters: [isAlgorithm] });
    expect(any.map(({ id }) => id)).to.deep.equal([algorithm.id]);
    const named = await search({ filters: [isAlgorithm, { terms: { _id: [algorithm.id] } }] });
    expect(named.map(({ id }) => id)).to.deep.equal([algorithm.id]);
    const strangers = await search({ filters: [isAlgorithm, { terms: { 'nft.owner': [NOBODY] } }] });
    expect(strangers).to.deep.equal([]);
    expect(await search({ filters: [isAlgorithm], whitelist: [NOBODY] })).to.deep.equal([]);
    expect(any[0]?.datatokens[0]?.address).to.equal(tokenOf(algorithm));
  });

  it('finds the datasets that trust an algorithm', async () => {
    const trust = { publisherTrustedAlgorithms: [{ did: algorithm.id, filesChecksum: 'ab' }] };
    const trusting = await market.publish({ trust });
    const phrase = { match_phrase: { 'services.compute.publisherTrustedAlgorithms.did': { query: algorithm.id } } };
    const found = await search({ filters: [phrase] });
    expect(found.map(({ id }) => id)).to.deep.equal([trusting.id]);
    const data = await resolved(trusting);
    const code = await resolved(algorithm);
    const refused = await quotesFor(consumer.signer.address, { data, code, env: market.freeOfCharge }).then(
      () => 'answered',
      messageOf,
    );
    // What it looks for in the text of an error.
    expect(refused).to.include('algorithm_file_checksum_mismatch');
  });

  it('offers what its owner ticked: all published algorithms, or none', async () => {
    const code = await resolved(algorithm);
    for (const [publisherTrustedAlgorithms, isOffered] of [
      [null, true],
      [[], false],
    ] as const) {
      const made = await market.publish();
      const service = serviceOf(made);
      // Of publishers it has no form: their list stays as empty as it was.
      const lists = { publisherTrustedAlgorithms, publisherTrustedAlgorithmPublishers: [] };
      const compute = { ...service.compute, ...lists } as unknown as NonNullable<typeof service.compute>;
      await market.node.writeDdo({ ...made, services: [{ ...service, compute }] });
      const data = await resolved(made);
      expect(serviceOf(data).compute?.publisherTrustedAlgorithms, 'its form').to.deep.equal(publisherTrustedAlgorithms);
      const quotes = quotesFor(consumer.signer.address, { data, code, env: market.freeOfCharge });
      const said = await quotes.then(({ datasets }) => datasets[0]?.datatoken, messageOf);
      if (isOffered) expect(said).to.equal(tokenOf(data));
      else expect(said).to.include('not_trusted_algo');
    }
  });

  it('knows whether the files of an asset are there', async () => {
    const data = await resolved(dataset);
    const { files } = createPublisher('3.4', consumer.signer, market.node.url);
    const [file] = await files.checkDidFiles(data.id, serviceOf(data).id, endpointOf(data));
    expect(file).to.include({ valid: true, index: 0 });
    expect(file?.contentLength).to.be.a('string');
  });

  it('shows what a computation costs before anybody has connected a wallet', async () => {
    const [data, code] = [await resolved(dataset), await resolved(algorithm)];
    const { datasets, algorithm: quote } = await quotesFor(NOBODY, { data, code, env: market.node.environment });
    expect(Number(datasets[0]?.providerFee?.providerFeeAmount)).to.be.greaterThan(0);
    expect(quote?.providerFee).to.include({ providerFeeAmount: '0' });
  });

  it('starts a job, shows it among those of its account, and downloads results by their place', async () => {
    const { jobId } = await startJob();
    const signal = AbortSignal.timeout(POLL_LIMIT_MS);
    const { address } = consumer.signer;
    for (;;) {
      const shown = (await jobsOf(address)).find(({ job }) => job.jobId === jobId);
      expect(shown?.symbol).to.be.a('string');
      // Finished means that there is a date, whichever status it has.
      if (shown?.job.dateFinished !== null) break;
      await delay(POLL_EVERY_MS, undefined, { signal });
    }
    const [{ job } = { job: undefined }] = await jobsOf(address);
    expect(job).to.include({ jobId, statusText: 'Job completed' });
    const results = job?.results ?? [];
    const url = market.node.url;
    const texts: string[] = [];
    for (const [place, { filename, filesize }] of results.entries()) {
      const file = await downloadFile(await consumer.provider.getComputeResultUrl(url, consumer.signer, jobId, place));
      expect([file.filename, file.data.byteLength]).to.deep.equal([filename, filesize]);
      texts.push(Buffer.from(file.data).toString());
    }
    expect(texts).to.have.members(['yes', 'counted\n']);
  });

  it('has words for a refusal', async () => {
    const [data, code] = [await resolved(dataset), await resolved(algorithm)];
    const refused = await quotesFor(NOBODY, { data, code, env: 'nowhere' }).then(() => 'answered', messageOf);
    expect(getErrorMessage(refused)).to.equal('Provider request failed: Compute environment does not exist');
    const body = { datasets: [{ documentId: data.id, serviceId: serviceOf(data).id }] };
    const response = await fetch(`${market.node.url}/api/services/initializeCompute`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    expect(getErrorMessage(await response.text())).to.match(/^Validation error/);
  });
});
