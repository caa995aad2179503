import type { StartRequest } from '@capstan/shared/contract/api';
import type { Container, Ddo, Service } from '@capstan/shared/contract/ddo';
import type { Did } from '@capstan/shared/contract/ids';
import { CapstanError } from '@capstan/shared/errors';
import { expect } from 'chai';
import { createAssets } from '../../../services/gateway/src/assets/assets.ts';
import { checkContainer } from '../../../services/gateway/src/assets/container.ts';
import { resolveInputs } from '../../../services/gateway/src/assets/resolve.ts';
import { containerSectionChecksum, trustPublished, trustRaw } from '../../../services/gateway/src/assets/trust.ts';

const didOf = (digit: string) => `did:op:${digit.repeat(64)}` as Did;
const container: Container = {
  image: 'node',
  tag: '24',
  entrypoint: 'node $ALGO',
  checksum: `sha256:${'a'.repeat(64)}`,
};
const OWNER = '0x19E7E376E7C213B7E7e7e46cc70A5dD086DAff2A';

const aService = (changes: Partial<Service> = {}): Service => ({
  id: 'compute',
  type: 'compute',
  files: '0xab',
  datatokenAddress: '0x1',
  ...changes,
});

/** A service that computes under these conditions, or names none. */
const computing = (compute: Service['compute']) => aService(compute === undefined ? {} : { compute });

const anAsset = (digit: string, type: 'dataset' | 'algorithm', changes: Partial<Ddo> = {}): Ddo => ({
  id: didOf(digit),
  nftAddress: '0x1',
  chainId: 8996,
  version: '4.5.0',
  metadata: type === 'algorithm' ? { type, algorithm: { container } } : { type },
  services: [aService()],
  ...changes,
});

describe('the container of an algorithm', () => {
  it('needs an image and an entrypoint; empty parts count as absent', () => {
    for (const given of [undefined, {}, { image: 'node' }, { entrypoint: 'x' }, { image: '', entrypoint: 'x' }]) {
      expect(checkContainer(given)).to.deep.equal({ kind: 'refused', code: 'missing_entrypoint_image_checksum' });
    }
    expect(checkContainer({ image: 'node', entrypoint: 'x', tag: '', checksum: '' })).to.deep.equal({
      kind: 'valid',
      container: { image: 'node', entrypoint: 'x' },
    });
    expect(checkContainer(container)).to.deep.equal({ kind: 'valid', container });
  });

  it('names its checksum as an image digest', () => {
    for (const checksum of ['a'.repeat(64), 'sha256:', `sha256:${'A'.repeat(64)}`, `sha512:${'a'.repeat(64)}`]) {
      expect(checkContainer({ ...container, checksum })).to.deep.equal({ kind: 'refused', code: 'checksum_prefix' });
    }
  });
});

describe('trust', () => {
  const algorithm = anAsset('a', 'algorithm', { nft: { owner: OWNER } });
  const checksum = containerSectionChecksum(container);
  const trusting = (compute: Service['compute']) => trustPublished(computing(compute), algorithm, container);
  const any = { kind: 'trusted', filesChecksums: [] };

  it('in raw code must be given', () => {
    expect(trustRaw(aService({ compute: { allowRawAlgorithm: true } }))).to.deep.equal(any);
    for (const compute of [undefined, {}, { allowRawAlgorithm: false }]) {
      expect(trustRaw(computing(compute))).to.deep.equal({ kind: 'refused', code: 'no_raw_algo_allowed' });
    }
  });

  it('without any list is in every published algorithm', () => {
    for (const compute of [
      undefined,
      {},
      { publisherTrustedAlgorithms: null, publisherTrustedAlgorithmPublishers: [] },
    ]) {
      expect(trusting(compute)).to.deep.equal(any);
    }
  });

  it('of a list is in what it names', () => {
    expect(trusting({ publisherTrustedAlgorithms: [{ did: algorithm.id }] })).to.deep.equal(any);
    expect(trusting({ publisherTrustedAlgorithms: [{ did: didOf('b') }] })).to.deep.equal({
      kind: 'refused',
      code: 'not_trusted_algo',
    });
  });

  it('of a list of publishers is in what they publish, in whatever letter case', () => {
    expect(trusting({ publisherTrustedAlgorithmPublishers: [OWNER.toLowerCase()] })).to.deep.equal(any);
    const others = { publisherTrustedAlgorithmPublishers: [`0x${'1'.repeat(40)}`] };
    const refused = { kind: 'refused', code: 'not_trusted_algo_publisher' };
    expect(trusting(others)).to.deep.equal(refused);
    expect(trustPublished(aService({ compute: others }), anAsset('a', 'algorithm'), container)).to.deep.equal(refused);
  });

  it('of two lists is only in what both name', () => {
    const both = {
      publisherTrustedAlgorithms: [{ did: algorithm.id }],
      publisherTrustedAlgorithmPublishers: [`0x${'1'.repeat(40)}`],
    };
    expect(trusting(both)).to.include({ kind: 'refused' });
  });

  it('may be in one container only', () => {
    const entry = (containerSection: string) => ({ did: algorithm.id, containerSectionChecksum: containerSection });
    expect(trusting({ publisherTrustedAlgorithms: [entry(checksum.toUpperCase())] })).to.deep.equal(any);
    expect(trusting({ publisherTrustedAlgorithms: [entry('0'.repeat(64)), entry(checksum)] })).to.deep.equal(any);
    expect(trusting({ publisherTrustedAlgorithms: [entry('0'.repeat(64))] })).to.deep.equal({
      kind: 'refused',
      code: 'algorithm_container_checksum_mismatch',
    });
  });

  it('may be in some files only, which the runner checks; an entry without a checksum takes any', () => {
    const entry = (filesChecksum?: string) => ({ did: algorithm.id, ...(filesChecksum ? { filesChecksum } : {}) });
    expect(trusting({ publisherTrustedAlgorithms: [entry('AB'), entry('cd')] })).to.deep.equal({
      kind: 'trusted',
      filesChecksums: ['ab', 'cd'],
    });
    expect(trusting({ publisherTrustedAlgorithms: [entry('AB'), entry()] })).to.deep.equal(any);
  });

  it('does not let files of an entry for another container through', () => {
    const entries = [
      { did: algorithm.id, containerSectionChecksum: '0'.repeat(64) },
      { did: algorithm.id, containerSectionChecksum: checksum, filesChecksum: 'ab' },
    ];
    expect(trusting({ publisherTrustedAlgorithms: entries })).to.deep.equal({
      kind: 'trusted',
      filesChecksums: ['ab'],
    });
  });
});

describe('the assets of a request', () => {
  const sources = new Map<string, Ddo>();
  const seal = (text: string) => `sealed(${text})`;
  const assets = createAssets({ find: (did) => Promise.resolve(sources.get(did)) });

  beforeEach(() => {
    sources.clear();
    const access = aService({ id: 'access', type: 'access' });
    const raw = aService({ compute: { allowRawAlgorithm: true } });
    sources.set(didOf('1'), anAsset('1', 'dataset', { services: [raw, access] }));
    sources.set(didOf('2'), anAsset('2', 'dataset', { services: [aService(), access] }));
    sources.set(didOf('a'), anAsset('a', 'algorithm'));
  });

  const dataset = (digit: string, serviceId = 'compute') => ({
    documentId: didOf(digit),
    serviceId,
    transferTxId: '0x1',
  });
  const published = { documentId: didOf('a'), serviceId: 'compute' };
  const rawcode = { meta: { rawcode: 'code', container } };
  const request = (changes: Partial<StartRequest>): StartRequest => ({
    signature: '0x',
    consumerAddress: OWNER,
    nonce: '1',
    environment: 'local',
    dataset: dataset('1'),
    algorithm: published,
    ...changes,
  });
  const resolve = (changes: Partial<StartRequest>) => resolveInputs(request(changes), { assets, seal });
  const refusalOf = async (changes: Partial<StartRequest>) => {
    try {
      await resolve(changes);
    } catch (error) {
      if (error instanceof CapstanError) return error.facts.refusal;
      throw error;
    }
    return undefined;
  };

  it('are what a runner needs, in the order of the request, with parameters sealed', async () => {
    const { datasets, algorithm } = await resolve({
      dataset: { ...dataset('1'), userdata: { city: 'Bern' } },
      additionalDatasets: [dataset('2', 'access')],
      algorithm: { ...published, userdata: { depth: 3 } },
    });
    expect(datasets.map(({ ddo, serviceId }) => [ddo.id, serviceId])).to.deep.equal([
      [didOf('1'), 'compute'],
      [didOf('2'), 'access'],
    ]);
    expect(datasets.map(({ origin, transferTxId }) => [origin, transferTxId])).to.deep.equal([
      ['catalogue', '0x1'],
      ['catalogue', '0x1'],
    ]);
    expect(datasets[0]?.sealedUserdata).to.equal('sealed({"city":"Bern"})');
    expect(datasets[1]).not.to.have.property('sealedUserdata');
    expect(algorithm).to.deep.include({ kind: 'published', container, trustedFilesChecksums: [] });
    expect(algorithm).to.have.nested.property('asset.sealedUserdata', 'sealed({"depth":3})');
  });

  it('may hold an algorithm as code, or as an address that travels sealed', async () => {
    const code = await resolve({ algorithm: rawcode });
    expect(code.algorithm).to.deep.equal({ kind: 'rawcode', rawcode: 'code', container });
    const url = await resolve({ algorithm: { meta: { url: 'https://x/y', container } } });
    expect(url.algorithm).to.deep.include({
      kind: 'sealed',
      sealedFiles: 'sealed([{"type":"url","url":"https://x/y"}])',
    });
  });

  it('must be trusted by every dataset that is computed on', async () => {
    expect(await refusalOf({ algorithm: rawcode, additionalDatasets: [dataset('2')] })).to.deep.equal({
      algorithm: 'no_raw_algo_allowed',
    });
    expect(await refusalOf({ algorithm: rawcode, additionalDatasets: [dataset('2', 'access')] })).to.equal(undefined);
  });

  it('say who vouches for them: the catalogue comes first', async () => {
    const one = anAsset('1', 'dataset', { metadata: { type: 'dataset', name: 'published' } });
    const store = {
      find: (did: string) => Promise.resolve([one, anAsset('2', 'dataset')].find(({ id }) => id === did)),
    };
    const both = createAssets(
      { find: (did) => Promise.resolve(did === didOf('1') ? anAsset('1', 'dataset') : undefined) },
      store,
    );
    expect(await both.find(didOf('1'))).to.deep.equal({ ddo: anAsset('1', 'dataset'), origin: 'catalogue' });
    expect(await both.find(didOf('2'))).to.deep.equal({ ddo: anAsset('2', 'dataset'), origin: 'store' });
    expect(await both.find(didOf('3'))).to.equal(undefined);
  });

  it('carry what their owner allows to whoever runs the job', async () => {
    const compute = { allowRawAlgorithm: true, allowNetworkAccess: true };
    sources.set(didOf('3'), anAsset('3', 'dataset', { services: [aService({ compute })] }));
    const { datasets } = await resolve({ dataset: dataset('3') });
    expect(datasets[0]?.ddo.services[0]?.compute).to.deep.equal(compute);
  });

  it('must be open to whoever asks, each of them', async () => {
    const deny = [{ type: 'address', values: [OWNER] }];
    sources.set(didOf('3'), anAsset('3', 'dataset', { credentials: { deny } }));
    sources.set(didOf('4'), anAsset('4', 'dataset', { nft: { state: 4 }, services: [] }));
    sources.set(
      didOf('b'),
      anAsset('b', 'algorithm', { credentials: { allow: [{ type: 'address', values: ['0x2'] }] } }),
    );
    expect(await refusalOf({ dataset: dataset('3') })).to.deep.equal({
      'dataset.documentId': 'credential_in_deny_list',
    });
    expect(await refusalOf({ additionalDatasets: [dataset('4')] })).to.deep.equal({
      'additionalDatasets.0.documentId': 'asset_disabled',
    });
    expect(await refusalOf({ algorithm: { documentId: didOf('b'), serviceId: 'compute' } })).to.deep.equal({
      'algorithm.documentId': 'credential_not_in_allow_list',
    });
  });

  it('must be what they are asked for as', async () => {
    const services = [aService({ compute: { allowRawAlgorithm: true } }), aService({ id: 'socket', type: 'wss' })];
    sources.set(didOf('3'), anAsset('3', 'dataset', { services }));
    expect(await refusalOf({ additionalDatasets: [dataset('3', 'socket')] })).to.deep.equal({
      'additionalDatasets.0.serviceId': 'service_not_access_compute',
    });
    expect(await refusalOf({ dataset: dataset('a') })).to.deep.equal({ 'dataset.documentId': 'not_dataset' });
  });

  it('are refused with the code of what must be mended', async () => {
    expect(await refusalOf({ dataset: dataset('9') })).to.deep.equal({ 'dataset.documentId': 'did_not_found' });
    expect(await refusalOf({ dataset: dataset('1', 'nope') })).to.deep.equal({ 'dataset.serviceId': 'not_found' });
    expect(await refusalOf({ dataset: dataset('1', 'access') })).to.deep.equal({
      'dataset.serviceId': 'main_service_compute',
    });
    expect(await refusalOf({ additionalDatasets: [dataset('2'), dataset('9')] })).to.deep.equal({
      'additionalDatasets.1.documentId': 'did_not_found',
    });
    expect(await refusalOf({ algorithm: {} })).to.deep.equal({ algorithm: 'missing_meta_documentId' });
    expect(await refusalOf({ algorithm: { documentId: didOf('a') } })).to.deep.equal({
      'algorithm.serviceId': 'missing',
    });
    expect(await refusalOf({ algorithm: { meta: { container } } })).to.deep.equal({
      'algorithm.meta': 'missing_meta_documentId',
    });
    expect(await refusalOf({ algorithm: { documentId: didOf('2'), serviceId: 'compute' } })).to.deep.equal({
      algorithm: 'not_algo',
    });
    expect(await refusalOf({ algorithm: { documentId: didOf('9'), serviceId: 'compute' } })).to.deep.equal({
      'algorithm.documentId': 'did_not_found',
    });
    expect(await refusalOf({ algorithm: { meta: { rawcode: 'code' } } })).to.deep.equal({
      'algorithm.container': 'missing_entrypoint_image_checksum',
    });
  });
});
