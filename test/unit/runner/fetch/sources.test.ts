import type { JobId } from '@capstan/shared/contract/ids';
import type { AssetFile } from '@capstan/shared/contract/ddo';
import { SealedFilesSchema } from '@capstan/shared/contract/ddo';
import { nodeKeyFrom } from '@capstan/shared/crypto/node-key';
import { publicKeyOf, seal } from '@capstan/shared/crypto/seal';
import { compile } from '@capstan/shared/schema/validate';
import { expect } from 'chai';
import { AbiCoder } from 'ethers';
import { decodeResult, encodeCall } from '../../../../services/runner/src/fetch/kinds/contract-call.ts';
import { arweaveRequest, ipfsRequest } from '../../../../services/runner/src/fetch/kinds/gateways.ts';
import { graphqlRequest } from '../../../../services/runner/src/fetch/kinds/graphql.ts';
import { createProviderRequests } from '../../../../services/runner/src/fetch/kinds/provider.ts';
import { urlRequest } from '../../../../services/runner/src/fetch/kinds/url.ts';
import { filesOfText, locate, type OwnNode } from '../../../../services/runner/src/fetch/sealed-files.ts';
import { ORDER, specOf, type AssetParts } from '../../../support/runner/spec.ts';

const key = nodeKeyFrom('22'.repeat(32));
const otherKey = nodeKeyFrom('33'.repeat(32));
const url: AssetFile = { type: 'url', url: 'https://data.example/a' };
const shown = ({ url: address, ...rest }: { url: URL }) => ({ url: address.href, ...rest });

describe('what is asked of a server', () => {
  it('is made as fast of an address that goes on and on as of any other', () => {
    // As a pattern it took minutes, of the one thread that all jobs share.
    const given = `https://d.example/?a=1${'&'.repeat(400_000)}b=2&&`;
    expect(urlRequest({ type: 'url', url: given }, { c: 3 }).url.search.slice(-8)).to.equal('&b=2&c=3');
    const endpoint = `https://d.example/${'/'.repeat(400_000)}x//`;
    expect(ipfsRequest({ type: 'ipfs', hash: 'Qm' }, {}, endpoint).url.pathname.slice(-11)).to.equal('//x/ipfs/Qm');
  });

  const userdata = { city: 'Bern & more', depth: 3 };

  it('for a URL has the parameters of the consumer as query of a GET, as body of a POST', () => {
    const get = urlRequest({ type: 'url', url: 'https://u:p%40@d.example/a?x=1', headers: { 'x-key': 'k' } }, userdata);
    expect(shown(get)).to.deep.equal({
      url: 'https://d.example/a?x=1&city=Bern+%26+more&depth=3',
      method: 'GET',
      headers: { 'x-key': 'k', authorization: `Basic ${Buffer.from('u:p@').toString('base64')}` },
    });
    for (const given of ['https://d.example/a?City=Rom%20&depth', 'https://d.example/a?city[]=Rom&DEPTH=1#part']) {
      const kept = urlRequest({ type: 'url', url: given }, userdata).url;
      expect(kept.href, 'what the owner wrote stays, to the letter').to.equal(given);
    }
    const mixed = urlRequest(
      { type: 'url', url: 'https://d.example/a?api_key=%2Fk&b' },
      { 'api.key': 'x', API_KEY: 'y', c: 1 },
    );
    expect(mixed.url.search).to.equal('?api_key=%2Fk&b&c=1');
    const post = urlRequest({ type: 'url', url: 'https://d.example/a', method: 'post' }, userdata);
    expect(shown(post)).to.deep.equal({
      url: 'https://d.example/a',
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"city":"Bern & more","depth":3}',
    });
    expect(() => urlRequest({ type: 'url', url: 'https://d.example', method: 'PUT' }, {})).to.throw(
      'neither GET nor POST',
    );
  });

  it('for a GraphQL query has them as its variables', () => {
    const file = {
      type: 'graphql',
      url: 'https://d.example/graphql',
      query: '{ a }',
      headers: { 'x-key': 'k' },
    } as const;
    expect(shown(graphqlRequest(file, {}))).to.deep.equal({
      url: 'https://d.example/graphql',
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-key': 'k' },
      body: '{"query":"{ a }"}',
    });
    expect(graphqlRequest(file, userdata).body).to.equal(JSON.stringify({ query: '{ a }', variables: userdata }));
  });

  it('for content by its hash or its transaction is a place below the gateway', () => {
    const hash = 'QmYwAPJzv5CZsnA625s3Xf2nemtYgPpHdWEz79ojWnPbdG';
    for (const gateway of ['http://ipfs.internal:8080/x', 'http://ipfs.internal:8080/x/']) {
      expect(ipfsRequest({ type: 'ipfs', hash: `${hash}/a.csv` }, {}, gateway).url.href).to.equal(
        `http://ipfs.internal:8080/x/ipfs/${hash}/a.csv`,
      );
    }
    expect(ipfsRequest({ type: 'ipfs', hash }, { a: '1' }, 'http://g').url.search).to.equal('?a=1');
    const transaction = { type: 'arweave', transactionId: 'a-_0' } as const;
    expect(arweaveRequest(transaction, {}, 'https://arweave.example').url.href).to.equal(
      'https://arweave.example/a-_0',
    );
    expect(() => ipfsRequest({ type: 'ipfs', hash }, {}, undefined)).to.throw('no IPFS gateway');
    expect(() => arweaveRequest(transaction, {}, undefined)).to.throw('no Arweave gateway');
  });

  it('of another provider is signed, each time under a greater nonce', () => {
    const request = createProviderRequests(key, () => 1_000);
    const file = {
      type: 'provider',
      endpoint: 'https://p.example/base/',
      documentId: `did:op:${'1'.repeat(64)}`,
      serviceId: 's',
      transferTxId: ORDER,
      fileIndex: 2,
    } as const;
    const first = request(file, {}).url;
    expect(first.origin + first.pathname).to.equal('https://p.example/base/api/services/download');
    expect(Object.fromEntries(first.searchParams)).to.include({
      documentId: file.documentId,
      serviceId: 's',
      transferTxId: ORDER,
      fileIndex: '2',
      nonce: '1000',
    });
    expect(first.searchParams.has('userdata')).to.equal(false);
    const second = request(file, userdata).url.searchParams;
    expect(second.get('nonce')).to.equal('1001');
    expect(second.get('userdata')).to.equal(JSON.stringify(userdata));
    expect(second.get('signature')).not.to.equal(first.searchParams.get('signature'));
  });
});

describe('the kinds of files', () => {
  const isKnown = (file: unknown) => compile(SealedFilesSchema)([file]).ok;
  const abi = { name: 'f', type: 'function', inputs: [], outputs: [] };
  const address = `0x${'1'.repeat(40)}`;

  it('are those of the contract', () => {
    for (const file of [
      url,
      { type: 'ipfs', hash: 'Qm0/dir/file.csv' },
      { type: 'arweave', transactionId: 'ab_-' },
      { type: 'graphql', url: 'https://x', query: '{a}' },
      { type: 'smartcontract', address, abi, chainId: 1 },
    ]) {
      expect(isKnown(file), JSON.stringify(file)).to.equal(true);
    }
  });

  it('never lead out of a gateway, and none names another provider by itself', () => {
    for (const file of [
      { type: 'ipfs', hash: '../admin' },
      { type: 'ipfs', hash: 'Qm0/../../api' },
      { type: 'ipfs', hash: 'Qm0?x=1' },
      { type: 'ipfs', hash: 'Qm0/%2e%2e/x' },
      { type: 'arweave', transactionId: 'a/b' },
      { type: 'arweave', transactionId: '..' },
      { type: 'smartcontract', address: '0x1', abi, chainId: 1 },
      { type: 'provider', endpoint: 'http://x', documentId: 'd', serviceId: 's', transferTxId: 't', fileIndex: 0 },
    ]) {
      expect(isKnown(file), JSON.stringify(file)).to.equal(false);
    }
  });
});

describe("the call of a contract's function", () => {
  const fileOf = (abi: object) => {
    const file: AssetFile = {
      type: 'smartcontract',
      address: `0x${'1'.repeat(40)}`,
      chainId: 1,
      abi: { name: 'f', ...abi },
    };
    return file;
  };
  const uint = (name: string) => ({ name, type: 'uint256' });
  const sent = (types: string[], values: unknown[]) => AbiCoder.defaultAbiCoder().encode(types, values);

  it('takes its arguments by name from the parameters of the consumer, whatever their order', () => {
    const file = fileOf({ name: 'transfer', inputs: [{ name: 'to', type: 'address' }, uint('amount')] });
    const to = `0x${'2'.repeat(40)}`;
    const { data } = encodeCall(file, { amount: '12345678901234567890', to, more: 1 });
    expect(data).to.equal(`0xa9059cbb${sent(['address', 'uint256'], [to, 12345678901234567890n]).slice(2)}`);
  });

  it('needs every argument, of its type, and a function that only reads', () => {
    const file = fileOf({ inputs: [uint('amount')] });
    expect(() => encodeCall(file, {})).to.throw('asks for the parameter amount');
    expect(() => encodeCall(file, { amount: 'many' })).to.throw('are not what its contract');
    expect(() => encodeCall(fileOf({ inputs: [uint('toString')] }), {})).to.throw('asks for the parameter toString');
    expect(() => encodeCall(fileOf({ inputs: [uint('')] }), { '': 1 })).to.throw('has no name');
    expect(() => encodeCall(fileOf({ stateMutability: 'nonpayable' }), {})).to.throw('only reads');
    expect(() => encodeCall(fileOf({ inputs: [{ name: 'a', type: 'nonsense' }] }), { a: 1 })).to.throw('not valid');
  });

  it('gives JSON: one value as it is, several by name or in a list, large numbers whole', () => {
    const decoded = (
      outputs: { name?: string; type: string; components?: object[] }[],
      types: string[],
      values: unknown[],
    ) => JSON.parse(decodeResult(fileOf({ outputs }), sent(types, values))) as unknown;
    expect(decoded([uint('')], ['uint256'], [2n ** 200n])).to.equal(String(2n ** 200n));
    expect(decoded([{ type: 'bool' }], ['bool'], [true])).to.equal(true);
    expect(decoded([uint('a'), { name: 'b', type: 'string' }], ['uint256', 'string'], [1, 'x'])).to.deep.equal({
      a: '1',
      b: 'x',
    });
    expect(decoded([uint(''), uint('')], ['uint256', 'uint256'], [1, 2])).to.deep.equal(['1', '2']);
    expect(decoded([{ type: 'uint8[]' }], ['uint8[]'], [[1, 2]])).to.deep.equal(['1', '2']);
    const tuple = [{ name: 't', type: 'tuple', components: [uint('x'), { name: 'y', type: 'address[]' }] }];
    const address = '0x19E7E376E7C213B7E7e7e46cc70A5dD086DAff2A';
    expect(decoded(tuple, ['tuple(uint256 x, address[] y)'], [[7, [address]]])).to.deep.equal({ x: '7', y: [address] });
    expect(() => decodeResult(fileOf({ outputs: [uint('')] }), '0x12')).to.throw('answered something else');
  });
});

describe('where the files of a service are', () => {
  const asset = (parts: Partial<AssetParts>, sealedTo = key) => {
    const [input] = specOf(
      { datasets: [{ files: [url], ...parts }] },
      { environment: 'x' as never, key: sealedTo },
    ).datasets;
    if (!input) throw new TypeError('one dataset makes one input');
    return input;
  };
  const own: OwnNode = {
    key,
    publicUrl: 'https://node.example',
    listensAt: 'http://127.0.0.1:8030',
    allowUnboundFiles: false,
  };
  const unnamed: OwnNode = { ...own, publicUrl: undefined };
  const here = { kind: 'here', files: [url] };

  it('is here if the endpoint says so, or nothing', () => {
    expect(locate(asset({}), own)).to.deep.equal(here);
    expect(locate(asset({ serviceEndpoint: '' }), own)).to.deep.equal(here);
    expect(locate(asset({ serviceEndpoint: 'https://node.example/' }), own)).to.deep.equal(here);
    expect(locate(asset({ serviceEndpoint: 'http://127.0.0.1:8030' }), unnamed)).to.deep.equal(here);
  });

  it('is at the provider that the endpoint names', () => {
    for (const serviceEndpoint of ['https://other.example', 'http://node.example', 'https://node.example:444']) {
      const input = asset({ serviceEndpoint });
      expect(locate(input, own)).to.deep.equal({
        kind: 'held',
        held: { endpoint: serviceEndpoint, documentId: input.ddo.id, serviceId: 'service', transferTxId: ORDER },
      });
    }
    const { transferTxId: _, ...unordered } = asset({ serviceEndpoint: 'https://other.example' });
    expect(() => locate(unordered, own)).to.throw('no order to show');
  });

  it('is told by the key, where the node does not know what others call it', () => {
    const serviceEndpoint = 'https://other.example';
    expect(locate(asset({ serviceEndpoint }), unnamed)).to.deep.equal(here);
    expect(locate(asset({ serviceEndpoint }, otherKey), unnamed)).to.have.property('kind', 'held');
  });

  it('is told of nobody who may have copied a description', () => {
    const copy = asset({ origin: 'store', isCopy: true });
    expect(() => locate(copy, own)).to.throw('may be a copy');
    expect(() =>
      locate({ ...copy, ddo: { ...copy.ddo, serviceEndpoint: 'https://other.example' } as never }, own),
    ).to.throw('may be a copy');
    expect(locate(asset({ origin: 'catalogue', isCopy: true }), own)).to.deep.equal(here);
    expect(() => locate(asset({ origin: 'store', isForeign: true }), own)).to.throw('belong to another asset');
    expect(locate(asset({ origin: 'store' }), own)).to.deep.equal(here);
  });

  it('is told of a list that names no token only where the operator allows it, or wrote it', () => {
    const bare = asset({ origin: 'store', isBareList: true });
    expect(() => locate(bare, own)).to.throw('assets.allowUnboundFiles');
    expect(locate(bare, { ...own, allowUnboundFiles: true })).to.deep.equal(here);
    expect(locate(asset({ origin: 'catalogue', isBareList: true }), own)).to.deep.equal(here);
  });

  it('is never the catalogue, unless the description is from there', () => {
    const files: AssetFile[] = [url, { type: 'catalogue', path: 'secret' }];
    expect(locate(asset({ files }), own)).to.deep.equal({ kind: 'here', files });
    const published = asset({ files, origin: 'store' });
    expect(() => locate(published, own)).to.throw('only the catalogue itself may');
    const result: AssetFile = { type: 'result', jobId: 'ab'.repeat(16) as JobId, run: 1, index: 0 };
    expect(() => locate(asset({ files: [result], origin: 'store' }), own)).to.throw('only the catalogue itself may');
    const { origin: _, ...unmarked } = published;
    expect(() => locate(unmarked, own)).to.throw('only the catalogue itself may');
    expect(() => filesOfText(seal(publicKeyOf(key), JSON.stringify(files)), key)).to.throw(
      'only the catalogue itself may',
    );
  });
});
