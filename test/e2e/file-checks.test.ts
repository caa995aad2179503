import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import type { InitializeComputeAnswer } from '@capstan/shared/contract/quotes';
import type { Ddo, Service } from '@capstan/shared/contract/ddo';
import { didSuffix } from '@capstan/shared/contract/ids';
import { startAssetServer, type AssetServer } from '../support/asset-server.ts';
import { startGateway } from '../support/gateway/scene.ts';
import { startTestNode, type TestNode } from '../support/node.ts';

const CODE = 'console.log("approved")';
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
const PER_HOUR = 96;

interface Asking {
  readonly url: string;
  readonly environment: string;
  readonly dataset: Ddo;
  readonly algorithm: Ddo;
  readonly userdata?: object;
}

async function ask({ url, environment, dataset, algorithm, userdata }: Asking) {
  const asset = (ddo: Ddo) => ({ documentId: ddo.id, serviceId: ddo.services[0]?.id });
  const response = await fetch(`${url}/api/services/initializeCompute`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      datasets: [asset(dataset)],
      algorithm: { ...asset(algorithm), ...(userdata ? { userdata } : {}) },
      compute: { env: environment, validUntil: Math.floor(Date.now() / 1_000) + 600 },
      consumerAddress: `0x${'1'.repeat(40)}`,
    }),
  });
  const body = (await response.json()) as InitializeComputeAnswer & { readonly error?: unknown };
  return { status: response.status, error: body.error, checked: body.algorithm?.checked };
}

type Entries = NonNullable<NonNullable<Service['compute']>['publisherTrustedAlgorithms']>;
const trusting = (dataset: Ddo, entries: Entries): Ddo => ({
  ...dataset,
  services: dataset.services.map((service) => ({ ...service, compute: { publisherTrustedAlgorithms: entries } })),
});

describe('the files of an algorithm, before anybody pays', () => {
  let sources: AssetServer;
  let node: TestNode;
  before(async () => {
    sources = await startAssetServer();
    node = await startTestNode({
      variables: {
        CAPSTAN_RUNNER_FETCH_ALLOW_PRIVATE: '["127.0.0.0/8"]',
        CAPSTAN_GATEWAY_LIMITS_FILE_CHECKS_PER_HOUR: String(PER_HOUR),
      },
    });
  });
  after(async () => {
    await node[Symbol.asyncDispose]();
    await sources[Symbol.asyncDispose]();
  });

  let files = 0;
  const anAlgorithm = async (body: string) => {
    files += 1;
    const path = `/code-${files}.js`;
    const url = sources.serve(path, { kind: 'file', body });
    const ddo = await node.catalogue.add(
      { type: 'algorithm', name: 'code', access: 'access', container: { image: 'i', entrypoint: 'node $ALGO' } },
      [url],
    );
    return { ddo, path, requests: () => sources.requests().filter((asked) => asked === path).length };
  };
  const aDataset = async (algorithm: Ddo, filesChecksum: string) => {
    const dataset = trusting(await node.addDataset(), [
      { did: algorithm.id, filesChecksum, containerSectionChecksum: '*' },
    ]);
    await node.writeDdo(dataset);
    return dataset;
  };
  const asking = (dataset: Ddo, algorithm: Ddo, more: Partial<Asking> = {}) =>
    ask({ url: node.url, environment: node.environment, dataset, algorithm, ...more });

  it('are refused if they are others than the ones that were approved', async () => {
    const { ddo } = await anAlgorithm(`${CODE}; leak()`);
    expect(await asking(await aDataset(ddo, sha256(CODE)), ddo)).to.deep.equal({
      status: 400,
      error: { algorithm: 'algorithm_file_checksum_mismatch' },
      checked: undefined,
    });
  });

  it('are downloaded once, however many ask, also at once', async () => {
    const { ddo, requests } = await anAlgorithm(CODE);
    const dataset = await aDataset(ddo, sha256(CODE));
    const good = { status: 200, error: undefined, checked: true };
    const answers = await Promise.all([1, 2, 3, 4].map(() => asking(dataset, ddo)));
    for (const answer of [...answers, await asking(dataset, ddo)]) expect(answer).to.deep.equal(good);
    expect(requests()).to.equal(1);
  });

  it('are left to the job where they can not be known beforehand', async () => {
    const later = { status: 200, error: undefined, checked: false };
    const good = await anAlgorithm(CODE);
    const dataset = await aDataset(good.ddo, sha256(CODE));
    expect(await asking(dataset, good.ddo, { userdata: { version: 2 } }), 'with parameters').to.deep.equal(later);
    const large = await anAlgorithm('x'.repeat(50_000_001));
    expect(await asking(await aDataset(large.ddo, sha256('x')), large.ddo), 'too large').to.deep.equal(later);
    const gone = await anAlgorithm(CODE);
    sources.serve(gone.path, { kind: 'fail', status: 404 });
    expect(await asking(await aDataset(gone.ddo, sha256(CODE)), gone.ddo), 'not there').to.deep.equal(later);
  });

  it('are not looked at where nobody listed them', async () => {
    const { ddo, requests } = await anAlgorithm(CODE);
    expect(await asking(await node.addDataset(), ddo)).to.deep.include({ status: 200, checked: undefined });
    expect(requests()).to.equal(0);
  });

  it('are downloaded so often only that nobody can make the node a hammer', async () => {
    const checked: unknown[] = [];
    for (let round = 0; round < PER_HOUR / 16; round += 1) {
      const { ddo } = await anAlgorithm(CODE);
      checked.push((await asking(await aDataset(ddo, sha256(CODE)), ddo)).checked);
    }
    expect(checked.at(-1), JSON.stringify(checked)).to.equal(false);
  });

  it('are left to the job where no runner is there', async () => {
    await using scene = await startGateway();
    const dataset = trusting(scene.dataset, [
      { did: scene.algorithm.id, filesChecksum: sha256(CODE), containerSectionChecksum: '*' },
    ]);
    await writeFile(join(scene.dataDir, 'catalogue', `${didSuffix(dataset.id)}.json`), JSON.stringify(dataset));
    const { algorithm, url } = scene;
    expect(await ask({ url, environment: 'local', dataset, algorithm })).to.deep.equal({
      status: 200,
      error: undefined,
      checked: false,
    });
  });
});
