/**
 * What the pods of another provider's operator-engine ask of a node that holds files of their jobs, written after its public sources: how many
 * files a service has, then each of them, in the name of that engine's own account, at addresses with a slash too many.
 */
import { expect } from 'chai';
import { getBytes, keccak256, toUtf8Bytes, Wallet } from 'ethers';
import type { FileInfo } from '@capstan/shared/contract/file-info';
import { assetOrder } from '../../scripts/demo/assets.ts';
import { startTestNode, type TestNode } from '../support/node.ts';

describe('what operator-engine asks of the provider of a further dataset', () => {
  let node: TestNode;
  before(async () => {
    node = await startTestNode({ variables: { CAPSTAN_GATEWAY_FREE_DOWNLOADS: 'true' } });
  });
  after(() => node[Symbol.asyncDispose]());

  const endpointOf = async (name: string): Promise<readonly [string, string]> => {
    const response = await fetch(node.url, { headers: { 'content-type': 'application/json' } });
    const { serviceEndpoints } = (await response.json()) as {
      readonly serviceEndpoints: Readonly<Record<string, readonly [string, string]>>;
    };
    return serviceEndpoints[name] ?? ['', ''];
  };

  it('is answered, file by file', async () => {
    const wallet = new Wallet(Wallet.createRandom().privateKey);
    const texts = ['one', 'two', 'three'];
    const ddo = await node.addDataset({ access: 'access', files: texts.map((text) => ({ text })) });
    const { serviceId, transferTxId } = assetOrder(ddo);
    const resolved = await fetch(`${node.url}/api/aquarius/assets/ddo/${ddo.id}`);
    const { services } = (await resolved.json()) as typeof ddo;
    const provider = services.find(({ id }) => id === serviceId)?.serviceEndpoint ?? '';

    const [method, path] = await endpointOf('fileinfo');
    const infos = await fetch(`${provider}/${path}`, {
      method,
      body: JSON.stringify({ did: ddo.id, serviceId }),
      headers: { 'content-type': 'application/json' },
    });
    const files = (await infos.json()) as readonly FileInfo[];
    expect(files).to.have.length(texts.length);

    for (const [index, text] of texts.entries()) {
      const [, download] = await endpointOf('download');
      const nonce = Date.now();
      const signature = await wallet.signMessage(getBytes(keccak256(toUtf8Bytes(`${ddo.id}${nonce}`))));
      const query = [
        `?fileIndex=${index}`,
        `&documentId=${ddo.id}`,
        `&transferTxId=${transferTxId}`,
        `&serviceId=${serviceId}`,
        `&consumerAddress=${wallet.address}`,
        `&nonce=${nonce}`,
        `&signature=${signature}`,
        `&userdata=${encodeURI(JSON.stringify({ city: 'Zürich' }))}`,
      ];
      const response = await fetch(provider + download + query.join(''));
      expect([response.status, await response.text()]).to.deep.equal([200, text]);
    }
  });
});
