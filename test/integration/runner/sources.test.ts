import { loadConfig } from '@capstan/shared/config/load';
import type { AssetFile } from '@capstan/shared/contract/ddo';
import { gzipSync } from 'node:zlib';
import { expect } from 'chai';
import { fetching, problemOf, startServer } from '../../support/runner/fetching.ts';
import { startAnvil, type Anvil } from '../../../scripts/parts/anvil.ts';

const HASH = 'QmYwAPJzv5CZsnA625s3Xf2nemtYgPpHdWEz79ojWnPbdG';

describe('a file by its hash or its transaction', () => {
  it('comes from the gateway that the operator named, wherever that is', async () => {
    await using gateway = await startServer(({ path }, response) => response.end(`content of ${path}`));
    const { url } = gateway;
    await using fetcher = await fetching({ ipfsGateway: url, arweaveGateway: `${url}/arweave/` });
    expect(await fetcher.get({ type: 'ipfs', hash: HASH })).to.equal(`content of /ipfs/${HASH}`);
    expect(await fetcher.get({ type: 'ipfs', hash: HASH }, { a: 'b' })).to.equal(`content of /ipfs/${HASH}?a=b`);
    expect(await fetcher.get({ type: 'arweave', transactionId: 'tx-_1' })).to.equal('content of /arweave/tx-_1');
  });

  it('opens no way into the network of the operator: neither by a redirect nor for other kinds of files', async () => {
    await using inside = await startServer((_, response) => response.end('secret'));
    await using gateway = await startServer(({ path }, response) => {
      if (path?.startsWith('/ipfs/')) response.writeHead(302, { location: `${inside.url}/secret` }).end();
      else response.end('secret');
    });
    await using fetcher = await fetching({ ipfsGateway: gateway.url });
    const forbidden = 'its server has no public address';
    expect(await problemOf(fetcher.get({ type: 'ipfs', hash: HASH }))).to.equal(forbidden);
    expect(await problemOf(fetcher.get({ type: 'url', url: `${gateway.url}/x` }))).to.equal(forbidden);
    expect(await problemOf(fetcher.get({ type: 'graphql', url: `${gateway.url}/x`, query: '{ a }' }))).to.equal(
      forbidden,
    );
    expect(inside.asked).to.have.length(0);
    expect(gateway.asked).to.have.length(1);
  });

  it('is under the same limits as any other', async () => {
    await using gateway = await startServer(({ path }, response) => {
      if (path?.includes('large')) response.end(Buffer.alloc(2_000));
      else if (path?.includes('missing')) response.writeHead(404).end();
      else if (gateway.asked.length < 4) response.writeHead(504).end();
      else response.end('at last');
    });
    await using fetcher = await fetching({ ipfsGateway: gateway.url, maxFileGB: 0.000_001 });
    expect(await problemOf(fetcher.get({ type: 'ipfs', hash: `${HASH}/large` }))).to.contain('larger than');
    expect(await problemOf(fetcher.get({ type: 'ipfs', hash: `${HASH}/missing` }))).to.equal('its server answered 404');
    expect(await fetcher.get({ type: 'ipfs', hash: HASH })).to.equal('at last');
  });
});

describe('the answer to a GraphQL query', () => {
  it('is the file, with the parameters of the consumer as variables', async () => {
    await using server = await startServer(({ body }, response) => {
      const { query, variables } = JSON.parse(body) as { query: string; variables?: { city?: string } };
      response.end(JSON.stringify({ data: { asked: query, city: variables?.city ?? null } }));
    });
    await using fetcher = await fetching({ allowPrivate: ['127.0.0.0/8'] });
    const query = 'query($city: String) { weather(city: $city) { rain } }';
    const file: AssetFile = {
      type: 'graphql',
      url: `${server.url}/graphql`,
      query,
      headers: { authorization: 'Bearer k' },
    };
    expect(JSON.parse(await fetcher.get(file, { city: 'Bern' }))).to.deep.equal({
      data: { asked: query, city: 'Bern' },
    });
    expect(JSON.parse(await fetcher.get(file))).to.deep.equal({ data: { asked: query, city: null } });
    const [first] = server.asked;
    expect(first).to.include({ method: 'POST', path: '/graphql' });
    expect(first?.headers).to.include({ authorization: 'Bearer k', 'content-type': 'application/json' });
  });
});

describe('what a contract returns', () => {
  const DOUBLES = `0x${'d0'.repeat(20)}`;
  const REFUSES = `0x${'d1'.repeat(20)}`;
  let anvil: Anvil;
  before(async function () {
    anvil = await startAnvil();
    const setCode = (address: string, code: string) =>
      fetch(anvil.url, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'anvil_setCode', params: [address, code] }),
      }).then((response) => response.text());
    // Returns its first argument, added to itself.
    await setCode(DOUBLES, '0x600435800160005260206000f3');
    // Reverts.
    await setCode(REFUSES, '0x600080fd');
  });
  after(() => anvil[Symbol.asyncDispose]());

  const chains = (...rpc: string[]) =>
    loadConfig({ CAPSTAN_CHAINS: JSON.stringify([{ id: 8996, rpc, timeoutS: 0.5 }]) }, '/').chains;
  const file = (address: string, chainId = 8996): AssetFile => ({
    type: 'smartcontract',
    address,
    chainId,
    abi: {
      type: 'function',
      name: 'double',
      stateMutability: 'view',
      inputs: [{ name: 'value', type: 'uint256' }],
      outputs: [{ name: '', type: 'uint256' }],
    },
  });

  it('is the file, with the parameters of the consumer as arguments', async () => {
    await using fetcher = await fetching({ chains: chains(anvil.url) });
    expect(await fetcher.get(file(DOUBLES), { value: '21' })).to.equal('"42"');
    expect(await fetcher.get(file(DOUBLES), { value: (2n ** 200n).toString() })).to.equal(`"${2n ** 201n}"`);
  });

  it('comes from the next endpoint of its chain when one fails or is silent', async () => {
    await using silent = await startServer(() => undefined);
    await using broken = await startServer((_, response) => response.writeHead(404).end());
    await using strange = await startServer((_, response) => response.end('<html>'));
    const endpoints = ['http://127.0.0.1:1', silent.url, broken.url, strange.url, anvil.url];
    await using fetcher = await fetching({ chains: chains(...endpoints) });
    expect(await fetcher.get(file(DOUBLES), { value: 4 })).to.equal('"8"');
    expect([silent, broken, strange].map(({ asked }) => asked.length)).to.deep.equal([1, 1, 1]);
  });

  const answers: readonly (readonly [string, string | Buffer, string?])[] = [
    ['that there is no such contract', '{"jsonrpc":"2.0","id":1,"result":"0x"}'],
    ['that the contract refuses', '{"jsonrpc":"2.0","id":1,"error":{"code":3,"message":"execution reverted"}}'],
    ['half a word', '{"jsonrpc":"2.0","id":1,"result":"0x1234"}'],
    ['no bytes', '{"jsonrpc":"2.0","id":1,"result":"garbage"}'],
    ['a number', '7'],
    ['lists in lists without end', '['.repeat(1_000_000)],
    ['a few bytes that are fifty megabytes', gzipSync(Buffer.alloc(50_000_000, 0x20)), 'gzip'],
  ];
  for (const [what, said, encoding] of answers) {
    it(`comes from the next endpoint where the first says ${what}`, async () => {
      await using odd = await startServer((_, response) => {
        response.writeHead(200, encoding === undefined ? {} : { 'content-encoding': encoding }).end(said);
      });
      await using fetcher = await fetching({ chains: chains(odd.url, anvil.url) });
      expect(await fetcher.get(file(DOUBLES), { value: 4 })).to.equal('"8"');
      expect(odd.asked).to.have.length(1);
    });
  }

  it('is asked for again where one endpoint refuses and another did not answer', async () => {
    await using refusing = await startServer((_, response) =>
      response.end('{"jsonrpc":"2.0","id":1,"error":{"code":3,"message":"execution reverted"}}'),
    );
    await using busy = await startServer((_, response) => {
      if (busy.asked.length < 2) response.writeHead(503).end();
      else response.end(`{"jsonrpc":"2.0","id":1,"result":"0x${'8'.padStart(64, '0')}"}`);
    });
    await using fetcher = await fetching({ chains: chains(refusing.url, busy.url) });
    expect(await fetcher.get(file(DOUBLES), { value: 4 })).to.equal('"8"');
    await using lost = await fetching({ chains: chains(refusing.url, 'http://127.0.0.1:1') });
    expect(await problemOf(lost.get(file(DOUBLES), { value: 4 }))).to.equal('its contract refuses the call');
  });

  it('says why there is none, and never where it was asked', async () => {
    await using fetcher = await fetching({ chains: chains(anvil.url) });
    expect(await problemOf(fetcher.get(file(REFUSES), { value: 1 }))).to.equal('its contract refuses the call');
    expect(await problemOf(fetcher.get(file(`0x${'ee'.repeat(20)}`), { value: 1 }))).to.equal(
      'there is no such contract on its chain',
    );
    expect(await problemOf(fetcher.get(file(DOUBLES, 1), { value: 1 }))).to.equal(
      'this node has no access to the chain 1',
    );
    expect(await problemOf(fetcher.get(file(DOUBLES)))).to.contain('asks for the parameter value');
    await using without = await fetching({ chains: chains('http://127.0.0.1:1') });
    expect(await problemOf(without.get(file(DOUBLES), { value: 1 }))).to.equal('no endpoint of its chain answers');
  });
});
