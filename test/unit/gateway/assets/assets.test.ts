import type { StartRequest } from '@capstan/shared/contract/api';
import { plainContainer, type Ddo } from '@capstan/shared/contract/ddo';
import { CapstanError } from '@capstan/shared/contract/errors';
import { expect } from 'chai';
import { createAssets, type Assets } from '../../../../services/gateway/src/assets/assets.ts';
import { checkContainer } from '../../../../services/gateway/src/assets/container.ts';
import { resolveInputs } from '../../../../services/gateway/src/assets/resolve.ts';
import { aService, anAsset, container, didOf, OWNER } from '../../../support/descriptions/small.ts';

describe('the container of an algorithm', () => {
  it('needs an image and an entrypoint; empty parts count as absent', () => {
    for (const given of [undefined, {}, { image: 'node' }, { entrypoint: 'x' }, { image: '', entrypoint: 'x' }]) {
      expect(checkContainer(given)).to.deep.equal({ kind: 'refused', code: 'missing_entrypoint_image_checksum' });
    }
    const own = { image: 'node', entrypoint: '' };
    expect(checkContainer(own, { isPublished: true })).to.deep.equal({ kind: 'valid', container: own });
    expect(checkContainer({ image: 'node' }, { isPublished: true })).to.deep.equal({ kind: 'valid', container: own });
    expect(plainContainer({ image: 'node', entrypoint: ['sh', '-c', 'a b'] })).to.deep.equal({
      image: 'node',
      entrypoint: '["sh","-c","a b"]',
    });
    expect(checkContainer({ image: 'node', entrypoint: 'x', tag: '', checksum: '' })).to.deep.equal({
      kind: 'valid',
      container: { image: 'node', entrypoint: 'x' },
    });
    expect(checkContainer(container)).to.deep.equal({ kind: 'valid', container });
  });

  it('is refused where its program is an interpreter that is given nothing to run', () => {
    const without = { kind: 'refused', code: 'missing_entrypoint_image_checksum', reason: 'entrypoint_without_algo' };
    for (const entrypoint of ['python3', ' python3.12 ', '/usr/bin/node', 'Rscript', '["sh"]', 'bash']) {
      expect(checkContainer({ image: 'some', entrypoint }), entrypoint).to.deep.equal(without);
      // Whoever published it may have an image in which this very name does something.
      expect(checkContainer({ image: 'some', entrypoint }, { isPublished: true }).kind).to.equal('valid');
    }
    for (const entrypoint of [
      'python3 $ALGO',
      'node /app/main.js',
      '/app/run',
      'sh -c "x"',
      '["python3","$ALGO"]',
      'pythonista',
    ]) {
      expect(checkContainer({ image: 'some', entrypoint }).kind, entrypoint).to.equal('valid');
    }
  });

  it('names its checksum as an image digest', () => {
    for (const checksum of ['a'.repeat(64), 'sha256:', `sha256:${'A'.repeat(64)}`, `sha512:${'a'.repeat(64)}`]) {
      expect(checkContainer({ ...container, checksum })).to.deep.equal({ kind: 'refused', code: 'checksum_prefix' });
    }
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
  const unnamed = (digit: string) => ({ documentId: didOf(digit), transferTxId: '0x1' });
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
  const resolve = (changes: Partial<StartRequest>) =>
    resolveInputs(request(changes), { assets, seal, trustWithoutChecksums: false });
  const refusalOf = async (changes: Partial<StartRequest>) => (await errorOf(changes))?.facts.refusal;
  const errorOf = async (changes: Partial<StartRequest>) => {
    try {
      await resolve(changes);
    } catch (error) {
      if (error instanceof CapstanError) return error;
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

  it('have the published algorithm that they name, whatever else they say of it, unless they bring code', async () => {
    for (const meta of [{}, { container }, { container: {} }]) {
      const { algorithm } = await resolve({ algorithm: { ...published, meta } });
      expect(algorithm, JSON.stringify(meta)).to.have.property('kind', 'published');
    }
    expect((await resolve({ algorithm: { ...published, ...rawcode } })).algorithm).to.have.property('kind', 'rawcode');
    expect(await refusalOf({ algorithm: { meta: {} } })).to.deep.equal({ algorithm: 'missing_meta_documentId' });
  });

  it('read each description once, so that it can not change between two of its parts', async () => {
    let reads = 0;
    const changing: Assets = {
      find: () => {
        reads += 1;
        const open = aService({ compute: { allowRawAlgorithm: reads === 1 } });
        return Promise.resolve({ ddo: anAsset('1', 'dataset', { services: [open] }), origin: 'store' });
      },
    };
    const twice = { algorithm: rawcode, additionalDatasets: [dataset('1'), dataset('1')] };
    const { datasets } = await resolveInputs(request(twice), { assets: changing, seal, trustWithoutChecksums: false });
    expect(datasets).to.have.length(3);
    expect(reads).to.equal(1);
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
    // As portals look for it.
    const denied = (digit: string, how: string) =>
      `Error: Access to asset ${didOf(digit)} was denied with code: ConsumableCodes.CREDENTIAL_${how}.`;
    const deny = [{ type: 'address', values: [OWNER] }];
    sources.set(didOf('3'), anAsset('3', 'dataset', { credentials: { deny } }));
    sources.set(didOf('4'), anAsset('4', 'dataset', { nft: { state: 4 }, services: [] }));
    sources.set(
      didOf('b'),
      anAsset('b', 'algorithm', { credentials: { allow: [{ type: 'address', values: ['0x2'] }] } }),
    );
    expect(await refusalOf({ dataset: dataset('3') })).to.equal(denied('3', 'IN_DENY_LIST'));
    expect(await refusalOf({ additionalDatasets: [dataset('4')] })).to.equal('Asset is not consumable.');
    expect(await refusalOf({ algorithm: { documentId: didOf('b'), serviceId: 'compute' } })).to.deep.equal({
      'algorithm.documentId': 'did_not_found',
    });
  });

  it('must be what they are asked for as', async () => {
    const services = [aService({ compute: { allowRawAlgorithm: true } }), aService({ id: 'socket', type: 'wss' })];
    sources.set(didOf('3'), anAsset('3', 'dataset', { services }));
    expect(await refusalOf({ additionalDatasets: [dataset('3', 'socket')] })).to.deep.equal({
      'datasets[1].serviceId': 'service_not_access_compute',
    });
    expect(await refusalOf({ dataset: dataset('a') })).to.deep.equal({ 'dataset.documentId': 'not_dataset' });
  });

  it('need not name the service where one fits, nor the prefix of a DID', async () => {
    const bare = { documentId: didOf('a').slice('did:op:'.length) };
    expect(await refusalOf({ algorithm: bare })).to.equal(undefined);
    const services = [aService({ id: 'b', type: 'access' }), aService({ compute: { allowRawAlgorithm: true } })];
    sources.set(didOf('3'), anAsset('3', 'dataset', { services }));
    const { datasets } = await resolve({ dataset: unnamed('3') });
    expect(datasets[0]?.serviceId).to.equal('compute');
  });

  it('are not there, in the catalogue, for whom their owner did not list', async () => {
    const closed = {
      ...anAsset('3', 'dataset', { services: [aService({ compute: { allowRawAlgorithm: true } })] }),
      credentials: { allow: [{ type: 'address', values: [OWNER] }] },
    };
    sources.set(didOf('3'), closed);
    sources.set(didOf('4'), { ...closed, id: didOf('4'), nft: { state: 3 } });
    const stranger = { consumerAddress: `0x${'9'.repeat(40)}` };
    const unknown = await errorOf({ ...stranger, dataset: dataset('9') });
    for (const asked of [dataset('3'), dataset('3', 'nope'), unnamed('3'), dataset('4')]) {
      const error = await errorOf({ ...stranger, dataset: asked });
      expect(error?.facts).to.deep.equal(unknown?.facts);
      expect(error?.message.replace(asked.documentId, didOf('9'))).to.equal(unknown?.message);
    }
    expect(await refusalOf({ dataset: dataset('3') })).to.equal(undefined);
    const nothing = { find: () => Promise.resolve(undefined) };
    const fromStore = createAssets(nothing, { find: (did) => Promise.resolve(sources.get(did)) });
    const parts = { assets: fromStore, seal, trustWithoutChecksums: false };
    const told = await resolveInputs(request({ ...stranger, dataset: dataset('3') }), parts).catch(JSON.stringify);
    expect(told).to.contain('CREDENTIAL_NOT_IN_ALLOW_LIST');
  });

  it('are refused with the code of what must be mended', async () => {
    expect(await refusalOf({ dataset: dataset('9') })).to.deep.equal({ 'dataset.documentId': 'did_not_found' });
    expect(await refusalOf({ dataset: dataset('1', 'nope') })).to.deep.equal({ 'dataset.serviceId': 'not_found' });
    expect(await refusalOf({ dataset: dataset('1', 'access') })).to.deep.equal({
      'dataset.serviceId': 'main_service_compute',
    });
    expect(await refusalOf({ additionalDatasets: [dataset('2'), dataset('9')] })).to.deep.equal({
      'datasets[2].documentId': 'did_not_found',
    });
    expect(await refusalOf({ algorithm: {} })).to.deep.equal({ algorithm: 'missing_meta_documentId' });
    const services = [aService({ id: 'a' }), aService({ id: 'b' })];
    sources.set(didOf('b'), anAsset('b', 'algorithm', { services }));
    sources.set(didOf('3'), anAsset('3', 'dataset', { services }));
    expect(await refusalOf({ algorithm: { documentId: didOf('b') } })).to.deep.equal({
      'algorithm.serviceId': 'missing',
    });
    expect(await refusalOf({ dataset: unnamed('3') })).to.deep.equal({
      'dataset.serviceId': 'missing',
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
