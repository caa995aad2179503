/**
 * The calls that `@deltadao/nautilus` makes to publish an asset, to edit it, to trust algorithms and to take it back, written after its public
 * sources (it is in no registry), over an unmodified ocean.js 3.4.6, on a node that has no metadata store but its own catalogue.
 */
import { expect } from 'chai';
import type { Ddo, Service } from '@capstan/shared/contract/ddo';
import type { FoundAssets } from '@capstan/shared/contract/asset-answers';
import { messageOf } from '@capstan/shared/contract/errors';
import { inSeconds, type Market } from '../support/chain/market.ts';
import { startPublishersWorld, type Person, type PublishersWorld } from './publishers-world.ts';
import type { Asset } from './ocean-js-shelf.ts';
import { loadOceanJs } from './ocean-js.ts';
import { quietConsole } from './quiet.ts';

const START_LIMIT_MS = 120_000;
const ZERO = `0x${'0'.repeat(40)}`;
/** What it takes away of an asset before it publishes that again. */
const ADDED = ['nft', 'datatokens', 'stats', 'purgatory'];
const REVOKED = 3;

type Fields = Readonly<Record<string, unknown>>;

describe('nautilus, publishing', () => {
  const releases = new AsyncDisposableStack();
  const { provider } = loadOceanJs('3.4');
  let world: PublishersWorld;
  let market: Market;
  let owner: Person;
  let dataset: string;
  let algorithm: string;
  before(async function () {
    this.timeout(START_LIMIT_MS);
    releases.use(quietConsole());
    world = releases.use(await startPublishersWorld());
    ({ market } = world);
    owner = world.person(1);
  });
  after(() => releases.disposeAsync());

  const getAsset = async (did: string): Promise<Asset> => {
    const response = await fetch(new URL(`/api/aquarius/assets/ddo/${did}`, market.node.url));
    expect(response.status, did).to.equal(200);
    return (await response.json()) as Asset;
  };

  /** Validated first, then sealed, and recorded without a proof. */
  const publishDdo = async (ddo: Fields): Promise<void> => {
    const { publisher, shelf, trader } = owner;
    const { url } = market.node;
    const { valid, hash = '', errors } = await publisher.aquarius.validate(ddo);
    if (!valid) throw new Error(`Validating Metadata failed: ${JSON.stringify(errors)}`);
    const sealed = await publisher.files.encrypt(ddo, market.chain.chainId, url);
    const { address } = trader.signer;
    const nft = String(ddo['nftAddress']);
    const sent = await shelf.nfts.setMetadata(nft, address, 0, url, '', '0x02', sealed, hash);
    await world.index((await sent.wait()).transactionHash);
  };

  const publish = async (metadata: Fields, service: Fields, text: string): Promise<string> => {
    const { publisher, shelf, trader } = owner;
    const { address } = trader.signer;
    const { url } = market.node;
    const { chainId } = market.chain;
    const named = { name: 'Nautilus Dataservice NFT', symbol: 'NAUTILUS-NFT', templateIndex: 1, tokenURI: '' };
    const nftAddress = await shelf.factory.createNFT({ ...named, transferable: false, owner: address });
    const fees = [ZERO, ZERO, '0'] as const;
    const settings = [address, address, ...fees, '100000', 'DataToken', 'DT', 1] as const;
    const datatokenAddress = await shelf.nfts.createDatatoken(nftAddress, address, ...settings);
    const given = { maxTokens: '1', maxBalance: '1', withMint: true, allowedSwapper: ZERO };
    await (await shelf.datatokens.createDispenser(datatokenAddress, address, world.dispenser, given)).wait();

    expect(await provider.isValidProvider(url)).to.equal(true);
    const file = { type: 'url', url: world.serve(text), method: 'GET' };
    const infos = await publisher.files.getFileInfo(file, url);
    expect(infos.every(({ valid }) => valid)).to.equal(true);
    const files = await publisher.files.encrypt({ datatokenAddress, nftAddress, files: [file] }, chainId, url);
    const id = shelf.generateDid(nftAddress, chainId);
    await publishDdo({
      id,
      '@context': ['https://w3id.org/did/v1'],
      nftAddress,
      chainId,
      version: '4.1.0',
      metadata: { ...ABOUT, ...metadata },
      services: [
        { id: shelf.getHash(files), datatokenAddress, serviceEndpoint: url, timeout: 86_400, files, ...service },
      ],
      credentials: { allow: [], deny: [] },
    });
    return id;
  };

  const serviceOf = ({ services: [service] }: Ddo): Service => {
    if (!service) throw new TypeError('an asset has one');
    return service;
  };

  /** As its builders do: what they read of the asset must be there. */
  const edit = async (did: string, change: (compute: Fields) => Fields, metadata: Fields = {}): Promise<void> => {
    const asset = await getAsset(did);
    const service = serviceOf(asset);
    const token = asset.datatokens.find(({ address }) => address === service.datatokenAddress);
    expect(token?.name, 'its token is among those of the asset').to.equal('DataToken');
    const ddo = Object.fromEntries(Object.entries(asset).filter(([name]) => !ADDED.includes(name)));
    const edited = { ...service, compute: change({ ...service.compute }) };
    await publishDdo({ ...ddo, metadata: { ...asset.metadata, ...metadata }, services: [edited] });
  };

  const attempt = async () => {
    const { provider: trading, signer } = world.person(2).trader;
    const [data, code] = [await getAsset(dataset), await getAsset(algorithm)];
    const named = (asset: Asset) => ({ documentId: asset.id, serviceId: serviceOf(asset).id });
    const { environment, url } = market.node;
    const asked = [[named(data)], named(code), environment, inSeconds(600), url, signer.address] as const;
    return trading.initializeCompute(...asked).then(({ algorithm: quote }) => quote, messageOf);
  };

  it('publish: NFT, token and dispenser one by one, then the description', async () => {
    const lists = { publisherTrustedAlgorithmPublishers: [], publisherTrustedAlgorithms: [] };
    const compute = { allowNetworkAccess: false, allowRawAlgorithm: false, ...lists };
    dataset = await publish({ type: 'dataset' }, { type: 'compute', compute }, 'a,b');
    const { container } = world;
    algorithm = await publish({ type: 'algorithm', algorithm: { container } }, { type: 'access' }, 'echo yes');
    const { address } = owner.trader.signer;
    expect((await getAsset(dataset)).nft).to.include({ owner: address, state: 0, name: 'Nautilus Dataservice NFT' });
    expect(await attempt(), 'nobody is trusted').not.to.have.property('providerFee');
  });

  it('getAssets: of several DIDs at once, those that are there', async () => {
    const values = [dataset, algorithm, `did:op:${'0'.repeat(64)}`];
    const response = await fetch(new URL('/api/aquarius/assets/query', market.node.url), {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query: { bool: { filter: [{ ids: { values } }] } } }),
    });
    expect(response.status).to.equal(200);
    const { hits } = (await response.json()) as FoundAssets;
    const found = hits.hits.map(({ _source }) => _source as Asset);
    expect(found.map(({ id }) => id)).to.have.members([dataset, algorithm]);
    for (const { datatokens, services } of found)
      expect(datatokens.map(({ address }) => address)).to.deep.equal([services[0]?.datatokenAddress]);
  });

  it('edit, with an algorithm that is trusted from then on', async () => {
    const { publisher, shelf } = owner;
    const asset = await getAsset(algorithm);
    const { id, serviceEndpoint = '' } = serviceOf(asset);
    const [info] = await publisher.files.checkDidFiles(asset.id, id, serviceEndpoint, true);
    const { entrypoint, checksum } = world.container;
    const containerSectionChecksum = shelf.getHash(entrypoint + String(checksum));
    const trusted = { did: asset.id, containerSectionChecksum, filesChecksum: info?.checksum };
    await edit(dataset, (compute) => ({ ...compute, publisherTrustedAlgorithms: [trusted] }), { name: 'With trust' });
    expect((await getAsset(dataset)).metadata.name).to.equal('With trust');
    expect(await attempt()).to.have.property('providerFee');
  });

  it('edit, with none trusted, and with all', async () => {
    await edit(dataset, (compute) => ({ ...compute, publisherTrustedAlgorithms: [] }));
    expect(await attempt(), 'none').not.to.have.property('providerFee');
    const all = { publisherTrustedAlgorithms: null, publisherTrustedAlgorithmPublishers: null };
    await edit(dataset, (compute) => ({ ...compute, ...all }));
    expect(await attempt(), 'all').to.have.property('providerFee');
  });

  it('setAssetLifecycleState: finds the NFT, and what is said of it', async () => {
    const { nfts } = owner.shelf;
    const { nft } = await getAsset(dataset);
    await (await nfts.setMetadataState(nft.address, owner.trader.signer.address, REVOKED)).wait();
    expect(nft.state).to.equal(0);
  });
});

const ABOUT = {
  name: 'Published by nautilus',
  description: 'A dataset of a test.',
  author: 'A tester',
  license: 'MIT',
  created: '2026-01-01T00:00:00Z',
  updated: '2026-01-01T00:00:00Z',
};
