import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { getAddress, hexlify, randomBytes } from 'ethers';
import { assetDid } from '@capstan/shared/assets/asset-did';
import { didSuffix } from '@capstan/shared/contract/ids';
import { readDdo } from '@capstan/shared/assets/read-ddo';
import { publicKeyOf, seal } from '@capstan/shared/crypto/seal';
import { locate } from '../../../services/runner/src/fetch/sealed-files.ts';
import { readCommand } from '../../../services/runner/src/worker/command.ts';
import { DESCRIPTIONS, type Description } from '../../support/descriptions/corpus.ts';
import { VERSIONS, type Json } from '../../support/descriptions/versions.ts';
import { startGateway, type GatewayScene } from '../../support/gateway/scene.ts';
import { startMetadataStore, type MetadataStore } from '../../support/metadata-store.ts';

const CHAIN_ID = 8996;
const FILES = [{ type: 'url', url: 'https://data.example/a', method: null, headers: null, extra: 1 }];

describe('descriptions as they go about', () => {
  let store: MetadataStore;
  let scene: GatewayScene;
  let releases: AsyncDisposableStack;
  before(async () => {
    releases = new AsyncDisposableStack();
    store = releases.use(await startMetadataStore());
    scene = releases.use(await startGateway({ variables: { CAPSTAN_GATEWAY_METADATA_STORE_URL: store.url } }));
  });
  after(() => releases.disposeAsync());

  const described = ({ ddo }: Description, consumer: string): Json & { readonly id: string } => {
    const address = () => getAddress(hexlify(randomBytes(20)));
    const [nftAddress, datatokenAddress] = [address(), address()];
    const sealed = (value: unknown) => seal(publicKeyOf(scene.key), JSON.stringify(value));
    const id = String(assetDid(nftAddress, CHAIN_ID));
    const files = sealed({ nftAddress, datatokenAddress, files: FILES });
    const parts = { id, nftAddress, datatokenAddress, chainId: CHAIN_ID, files, bareFiles: sealed(FILES), consumer };
    return { ...ddo(parts), id };
  };
  const postedTo = (path: string, body: unknown) =>
    fetch(`${scene.url}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });

  /** What each route says of it: nothing where it takes it. */
  const answers = async (id: string, description: Description, caller: ReturnType<GatewayScene['caller']>) => {
    const { serviceId = 'first' } = description;
    const { algorithm } = scene.order();
    const consumerAddress = caller.address;
    const validUntil = Math.floor(Date.now() / 1_000) + 600;
    const dataset = { documentId: id, serviceId, transferTxId: '0x1' };
    const query = new URLSearchParams({
      documentId: id,
      serviceId,
      consumerAddress,
      environment: 'local',
      validUntil: String(validUntil),
    });
    const said = ({ status, text }: { readonly status: number; readonly text: string }) =>
      status === 200 ? '' : `${status} ${text}`;
    const heard = async (response: Response) => said({ status: response.status, text: await response.text() });
    return {
      compute: said(await caller.start({ ...scene.order(), dataset })),
      initializeCompute: await heard(
        await postedTo('/api/services/initializeCompute', {
          datasets: [{ documentId: id, serviceId }],
          algorithm,
          compute: { env: 'local', validUntil },
          consumerAddress,
        }),
      ),
      initialize: await heard(await fetch(`${scene.url}/api/services/initialize?${query.toString()}`)),
    };
  };

  const expectAnswers = (found: Readonly<Record<string, string>>, { refused, isAboutAlgorithm }: Description) => {
    for (const [route, text] of Object.entries(found)) {
      if (refused === undefined || (isAboutAlgorithm && route === 'initialize')) expect(text, route).to.equal('');
      else expect(text, route).to.match(/^400 /).and.to.contain(refused);
    }
  };

  for (const description of DESCRIPTIONS) {
    it(`with ${description.name}${description.refused ? ' are refused, with the reason' : ' are taken'}`, async () => {
      const caller = scene.caller();
      const ddo = described(description, caller.address);
      store.publish(ddo);
      expectAnswers(await answers(ddo.id, description, caller), description);
    });
  }

  it('with the odd forms of an algorithm are taken, also beside what a request says about its code', async () => {
    const container = { entrypoint: 'node $ALGO', image: 'node', tag: '24', checksum: null };
    const caller = scene.caller();
    const algorithm = described(
      {
        name: 'an algorithm',
        ddo: (parts) => ({
          ...VERSIONS['4.7.0'](parts),
          metadata: {
            type: 'algorithm',
            algorithm: { language: null, version: null, consumerParameters: [], container },
          },
        }),
      },
      caller.address,
    );
    store.publish(algorithm);
    const named = { documentId: algorithm.id, serviceId: 'first', transferTxId: '0x1' };
    const blank = { rawcode: '', url: '', container: { entrypoint: '', image: '', tag: '', checksum: '' } };
    for (const meta of [undefined, null, {}, blank, { container }, { language: 'js', version: '1', container: {} }]) {
      const order = { ...scene.order(), algorithm: { ...named, ...(meta === undefined ? {} : { meta }) } as never };
      const { status, text } = await caller.start(order);
      expect(status, `${JSON.stringify(meta)}: ${text}`).to.equal(200);
      expect(text).to.contain(`"algoDID":"${algorithm.id}"`);
    }
    const { text } = await caller.start({ ...scene.order(), algorithm: { meta: {} } });
    expect(text).to.contain('missing_meta_documentId');
  });

  it('are read the same from the catalogue', async () => {
    const dir = join(scene.dataDir, 'catalogue');
    await mkdir(dir, { recursive: true });
    for (const description of DESCRIPTIONS.filter(({ refused }) => refused === undefined)) {
      const caller = scene.caller();
      const ddo = described(description, caller.address);
      const path = join(dir, `${didSuffix(ddo.id)}.json`);
      await writeFile(path, JSON.stringify(ddo));
      expectAnswers(await answers(ddo.id, description, caller), { ...description, name: `${description.name}, own` });
      await rm(path);
    }
  });

  it('are read by the runner as the gateway read them', () => {
    const own = { key: scene.key, publicUrl: undefined, listensAt: scene.url, allowUnboundFiles: false };
    for (const description of DESCRIPTIONS.filter(({ refused }) => refused === undefined)) {
      const { name, serviceId = 'first', isBare } = description;
      const read = readDdo(described(description, scene.caller().address));
      if (!read.ok) throw new Error(`${name}: ${JSON.stringify(read.errors)}`);
      const asset = { ddo: read.value, serviceId, origin: 'store' } as const;
      const spec = {
        environment: 'local',
        owner: `0x${'11'.repeat(20)}`,
        datasets: [asset],
        algorithm: { kind: 'rawcode', rawcode: 'x', container: { image: 'i', entrypoint: 'e' } },
      };
      const sent = JSON.parse(JSON.stringify({ v: 1, jobId: 'ab'.repeat(16), run: 1, spec })) as unknown;
      expect(readCommand(sent), name).to.have.property('kind', 'command');
      if (isBare) expect(() => locate(asset, own), name).to.throw('assets.allowUnboundFiles');
      const { kind, files } = locate(asset, { ...own, allowUnboundFiles: true }) as { kind: string; files?: unknown[] };
      expect({ kind, files: files?.length }, name).to.deep.equal({ kind: 'here', files: 1 });
    }
  });
});
