/** Assets of an Ocean Provider whose key and catalogue a node was given: as their owners published them, sealed by another implementation. */
import { expect } from 'chai';
import { encrypt, PrivateKey } from 'eciesjs';
import { getAddress, hexlify, randomBytes } from 'ethers';
import type { Ddo } from '@capstan/shared/contract/ddo';
import { assetDid } from '@capstan/shared/assets/asset-did';
import { startAssetServer, type AssetServer } from '../support/asset-server.ts';
import { NODE_CONTAINER, startTestNode, type TestNode } from '../support/node.ts';

const CODE = `const fs = require('fs');
const [did] = JSON.parse(process.env.DIDS);
fs.writeFileSync('/data/outputs/copy', fs.readFileSync('/data/inputs/' + did + '/0'));`;
const FORMER = 'https://provider.example';

describe('assets of an Ocean Provider, under its key', () => {
  const releases = new AsyncDisposableStack();
  const key = new PrivateKey();
  let node: TestNode;
  let server: AssetServer;
  before(async () => {
    server = releases.use(await startAssetServer());
    node = releases.use(
      await startTestNode({
        variables: {
          CAPSTAN_NODE_KEY: key.toHex(),
          CAPSTAN_RUNNER_FETCH_ALLOW_PRIVATE: '["127.0.0.0/8"]',
        },
      }),
    );
  });
  after(() => releases.disposeAsync());

  const address = () => getAddress(hexlify(randomBytes(20)));
  const sealed = (contents: object) =>
    `0x${Buffer.from(encrypt(key.publicKey.toHex(), Buffer.from(JSON.stringify(contents)))).toString('hex')}`;

  const moved = async (version: '4.0.0' | '4.1.0', about: Pick<Ddo, 'metadata'>, text: string): Promise<Ddo> => {
    const [nftAddress, datatokenAddress] = [address(), address()];
    const id = assetDid(nftAddress, 8996);
    if (id === undefined) throw new TypeError(`${nftAddress} is an address`);
    const url = server.serve(`/${hexlify(randomBytes(6))}`, { kind: 'file', body: text });
    // What there is none of is written as an empty text, by some.
    const files = [
      { type: 'url', index: 0, url, ...(version === '4.0.0' ? { method: '', headers: '' } : { method: 'get' }) },
    ];
    const isDataset = about.metadata.type === 'dataset';
    const lists = { publisherTrustedAlgorithms: null, publisherTrustedAlgorithmPublishers: [] };
    const service = {
      id: '1',
      type: isDataset ? 'compute' : 'access',
      files: sealed(version === '4.0.0' ? files : { datatokenAddress, nftAddress, files }),
      datatokenAddress,
      serviceEndpoint: FORMER,
      timeout: 0,
      ...(isDataset ? { compute: { allowRawAlgorithm: false, allowNetworkAccess: true, ...lists } } : {}),
    };
    const ddo = { id, nftAddress, chainId: 8996, version, ...about, services: [service] } as unknown as Ddo;
    await node.writeDdo(ddo);
    return ddo;
  };

  for (const version of ['4.0.0', '4.1.0'] as const) {
    it(`run a job, of version ${version}`, async () => {
      const dataset = await moved(version, { metadata: { type: 'dataset', name: 'Moved data' } }, 'a,b\n1,2\n');
      const algorithm = { container: NODE_CONTAINER };
      const code = await moved(version, { metadata: { type: 'algorithm', name: 'Moved code', algorithm } }, CODE);
      await using live = await node.consumer.follow();
      const { jobId } = await node.consumer.start(node.orderOf(dataset, code));
      const { job } = await live.ended(jobId);
      expect(job.status, job.terminationDetails?.reason).to.equal(70);
      const index = job.results.find(({ filename }) => filename === 'copy')?.index ?? -1;
      expect(await (await node.consumer.result(jobId, index)).text()).to.equal('a,b\n1,2\n');
    });
  }
});
