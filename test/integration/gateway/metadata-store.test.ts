import type { Clock } from '@capstan/shared/runtime/clock';
import type { Ddo } from '@capstan/shared/contract/ddo';
import { hasCode } from '@capstan/shared/contract/errors';
import { gzipSync } from 'node:zlib';
import { expect } from 'chai';
import { createMetadataStore } from '../../../services/gateway/src/assets/metadata-store.ts';
import { assetOrder } from '../../../scripts/demo/assets.ts';
import { someAssets } from '../../support/gateway/parts.ts';
import { startGateway, type GatewayScene } from '../../support/gateway/scene.ts';
import { startMetadataStore, type MetadataStore } from '../../support/metadata-store.ts';

const { dataset } = someAssets();
const disabled = (ddo: Ddo): Ddo => ({ ...ddo, nft: { state: 3 } });

describe('the metadata store, as the gateway asks it', () => {
  let store: MetadataStore;
  let nowMs: number;
  const clock: Clock = { now: () => nowMs, monotonicMs: () => nowMs };
  beforeEach(async () => {
    store = await startMetadataStore();
    nowMs = 0;
  });
  afterEach(() => store[Symbol.asyncDispose]());

  const asked = (freshMs = 0, timeoutMs = 2_000) =>
    createMetadataStore({ url: `${store.url}/`, timeoutMs, freshMs, clock });
  const codeOf = (work: Promise<unknown>) =>
    work.then(
      () => 'no error',
      (error: unknown) => (hasCode(error, 'METADATA_UNAVAILABLE', 'REFUSED') ? error.code : String(error)),
    );

  it('gives the description of an asset, with all that it holds', async () => {
    store.publish({ ...dataset, event: { block: 7 } });
    expect(await asked().find(dataset.id)).to.deep.equal({ ...dataset, event: { block: 7 } });
  });

  it('is not remembered beyond a bound, however few descriptions are how large', async () => {
    const source = asked(1_000);
    const large = Array.from({ length: 25 }, () => ({ ...someAssets().dataset, more: 'a'.repeat(900_000) }));
    for (const ddo of large) {
      store.publish(ddo);
      await source.find(ddo.id);
    }
    const [first, last] = [large[0], large.at(-1)].map((ddo) => ddo?.id ?? '');
    await source.find(last ?? '');
    expect(store.answers()).to.have.length(large.length);
    await source.find(first ?? '');
    expect(store.answers()).to.have.length(large.length + 1);
  });

  it('has no asset for what it does not know; what is no DID is not asked for', async () => {
    const source = asked();
    expect(await source.find(`did:op:${'0'.repeat(64)}`)).to.equal(undefined);
    expect(store.answers()).to.deep.equal([404]);
    for (const did of ['', '../../x', `did:op:${'0'.repeat(63)}/`]) expect(await source.find(did)).to.equal(undefined);
    expect(store.answers()).to.deep.equal([404]);
  });

  it('is asked once for many orders of one asset, and again after a moment, by the ETag it gave', async () => {
    store.publish(dataset);
    const source = asked(1_000);
    await Promise.all(Array.from({ length: 50 }, () => source.find(dataset.id)));
    nowMs = 999;
    await source.find(dataset.id);
    expect(store.answers()).to.deep.equal([200]);
    nowMs = 1_000;
    expect(await source.find(dataset.id)).to.deep.equal(dataset);
    expect(store.answers()).to.deep.equal([200, 304]);
    nowMs = 1_999;
    await source.find(dataset.id);
    store.publish(disabled(dataset));
    nowMs = 2_000;
    expect(await source.find(dataset.id)).to.deep.equal(disabled(dataset));
    expect(store.answers()).to.deep.equal([200, 304, 200]);
  });

  it('is asked for all of it where it gives no ETag', async () => {
    await using plain = await startMetadataStore({ hasEtags: false });
    plain.publish(dataset);
    const source = createMetadataStore({ url: plain.url, timeoutMs: 2_000, freshMs: 0, clock });
    await source.find(dataset.id);
    plain.publish(disabled(dataset));
    expect(await source.find(dataset.id)).to.deep.equal(disabled(dataset));
    expect(plain.answers()).to.deep.equal([200, 200]);
  });

  it('is asked once more if it fails, and no further', async () => {
    store.publish(dataset);
    store.feel({ kind: 'fails', status: 502, times: 1 });
    expect(await asked().find(dataset.id)).to.deep.equal(dataset);
    store.feel({ kind: 'fails', status: 500 });
    expect(await codeOf(asked().find(dataset.id))).to.equal('METADATA_UNAVAILABLE');
    expect(store.answers()).to.deep.equal([502, 200, 500, 500]);
  });

  it('is never replaced by what was known of it before', async () => {
    store.publish(dataset);
    const source = asked(1_000);
    await source.find(dataset.id);
    store.feel({ kind: 'fails', status: 503 });
    nowMs = 1_000;
    expect(await codeOf(source.find(dataset.id))).to.equal('METADATA_UNAVAILABLE');
    store.feel({ kind: 'well' });
    expect(await source.find(dataset.id)).to.deep.equal(dataset);
  });

  it('may not keep the gateway waiting, nor drown it', async () => {
    store.feel({ kind: 'hangs' });
    expect(await codeOf(asked(0, 100).find(dataset.id))).to.equal('METADATA_UNAVAILABLE');
    store.feel({ kind: 'says', text: JSON.stringify({ ...dataset, padding: 'x'.repeat(1_000_000) }) });
    expect(await codeOf(asked().find(dataset.id))).to.equal('REFUSED');
    store.feel({ kind: 'says', text: '<html>' });
    expect(await codeOf(asked().find(dataset.id))).to.equal('REFUSED');
  });

  it('leads nowhere inward, wherever it redirects to, and may move within its own origin', async () => {
    await using inner = await startMetadataStore();
    inner.publish(dataset);
    const path = `/api/aquarius/assets/ddo/${dataset.id}`;
    const { port } = new URL(inner.url);
    for (const to of [`${inner.url}${path}`, `http://localhost:${port}${path}`, `http://[::1]:${port}${path}`]) {
      store.feel({ kind: 'redirects', to });
      expect(await codeOf(asked().find(dataset.id)), to).to.equal('METADATA_UNAVAILABLE');
    }
    for (const to of ['file:///etc/passwd', '//', '', path]) {
      store.feel({ kind: 'redirects', to });
      expect(await codeOf(asked().find(dataset.id)), to).to.equal('METADATA_UNAVAILABLE');
    }
    expect(inner.answers()).to.deep.equal([]);
    store.publish(dataset);
    store.feel({ kind: 'redirects', to: path, times: 2 });
    expect(await asked().find(dataset.id)).to.deep.equal(dataset);
  });

  const did = dataset.id;
  const bodies: readonly (readonly [string, string | Buffer, string?])[] = [
    ['300,000 empty services', `{"id":"${did}","services":[${'{},'.repeat(300_000)}{}]}`],
    ['15,000 empty services', `{"id":"${did}","services":[${'{},'.repeat(15_000)}{}]}`],
    ['lists 450,000 deep', `{"id":"${did}","a":${'['.repeat(450_000)}${']'.repeat(450_000)}}`],
    ['a few bytes that are fifty megabytes', gzipSync(Buffer.alloc(50_000_000, 0x20)), 'gzip'],
    ['a list', '[]'],
    ['a number', '7'],
    ['nothing', ''],
  ];
  for (const [what, text, encoding] of bodies) {
    it(`is refused, once and briefly, where it answers with ${what}`, async () => {
      store.feel({ kind: 'says', text, ...(encoding === undefined ? {} : { encoding }) });
      const problem = await asked()
        .find(dataset.id)
        .catch((error: unknown) => error);
      expect(hasCode(problem, 'REFUSED'), String(problem)).to.equal(true);
      expect(String(problem).length).to.be.below(1_000);
      expect(store.answers()).to.deep.equal([200]);
    });
  }

  it('may encode what it was not asked to', async () => {
    store.feel({ kind: 'says', text: gzipSync(JSON.stringify(dataset)), encoding: 'gzip' });
    expect(await asked().find(dataset.id)).to.deep.equal(dataset);
  });
});

describe('a gateway with a metadata store', () => {
  let store: MetadataStore;
  let scene: GatewayScene;
  before(async () => {
    store = await startMetadataStore();
    scene = await startGateway({
      variables: {
        CAPSTAN_GATEWAY_METADATA_STORE_URL: store.url,
        CAPSTAN_GATEWAY_METADATA_STORE_TIMEOUT_S: '0.3',
        CAPSTAN_GATEWAY_METADATA_FRESH_S: '0',
      },
    });
  });
  after(async () => {
    await scene[Symbol.asyncDispose]();
    await store[Symbol.asyncDispose]();
  });

  const start = () => scene.caller().start({ ...scene.order(), dataset: assetOrder(dataset) });

  it('takes jobs on what is published there, and says how it fails', async () => {
    store.publish(dataset);
    expect((await start()).status).to.equal(200);

    store.publish(disabled(dataset));
    const refused = await start();
    expect(refused.status).to.equal(400);
    expect(await refused.json()).to.deep.include({ error: 'Asset is not consumable.' });

    const stranger = { ...dataset, id: `did:op:${'7'.repeat(64)}` };
    store.publish(stranger);
    const copied = await scene.caller().start({ ...scene.order(), dataset: assetOrder(stranger as Ddo) });
    expect(copied.status).to.equal(400);
    expect(await copied.json()).to.deep.include({ error: 'Asset malformed' });

    for (const mood of [{ kind: 'hangs' }, { kind: 'fails', status: 500 }] as const) {
      store.feel(mood);
      const away = await start();
      expect(away.status).to.equal(503);
      expect(away.headers.get('retry-after')).to.match(/^\d+$/);
      expect(JSON.stringify(await away.json()))
        .to.contain('metadata store')
        .and.not.to.contain('127.0.0.1');
    }
  });

  it('goes on with its own catalogue while the store is away', async () => {
    store.feel({ kind: 'hangs' });
    expect((await scene.caller().start(scene.order())).status).to.equal(200);
  });
});
