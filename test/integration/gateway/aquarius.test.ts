import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { getBytes, verifyMessage } from 'ethers';
import type { FoundAssets, ValidationProof } from '@capstan/shared/contract/asset-answers';
import type { Ddo } from '@capstan/shared/contract/ddo';
import { didSuffix } from '@capstan/shared/contract/ids';
import { describeResults } from '../../../services/gateway/src/assets/result-asset.ts';
import { publishable } from '../../support/descriptions/publishable.ts';
import { startGateway, type GatewayScene } from '../../support/gateway/scene.ts';

const OWNER = '0x19E7E376E7C213B7E7e7e46cc70A5dD086DAff2A';
const RESULTS = {
  jobId: 'ab'.repeat(16),
  run: 1,
  results: [{ filename: 'a', filesize: 1, type: 'output' as const, index: 0 }],
};

describe("the node's own catalogue, as a metadata store", () => {
  let scene: GatewayScene;
  before(async () => {
    scene = await startGateway();
  });
  after(() => scene[Symbol.asyncDispose]());

  const write = async <Described extends Ddo>(ddo: Described): Promise<Described> => {
    await writeFile(join(scene.dataDir, 'catalogue', `${didSuffix(ddo.id)}.json`), JSON.stringify(ddo));
    return ddo;
  };
  const call = async (method: string, path: string, body?: unknown) => {
    const response = await fetch(`${scene.url}/api/aquarius/assets/${path}`, {
      method,
      ...(body === undefined ? {} : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, text, json: () => JSON.parse(text) as unknown };
  };
  const found = async (body: object) => {
    const answer = await call('POST', 'query', body);
    expect(answer.status, answer.text).to.equal(200);
    const { hits } = answer.json() as FoundAssets;
    return { total: hits.total.value, ids: hits.hits.map(({ _id }) => _id) };
  };
  const address = (digit: string) => `0x${digit.repeat(40)}`;

  it('shows a description, under its whole DID or the digits alone', async () => {
    const ddo = await write(publishable({ nftAddress: address('3') }));
    const answer = await call('GET', `ddo/${ddo.id}`);
    expect(answer.status).to.equal(200);
    const shown = answer.json() as object;
    expect(shown).to.deep.include(ddo);
    expect((await call('GET', `ddo/${didSuffix(ddo.id)}`)).json()).to.deep.equal(shown);
    for (const did of [`did:op:${'0'.repeat(64)}`, '..%2f..%2fnode', 'x', encodeURIComponent('../../store/capstan')]) {
      expect((await call('GET', `ddo/${did}`)).status, did).to.equal(404);
    }
  });

  it('adds what a metadata store would, and keeps what the description says of it', async () => {
    const own = { nft: { state: 4, owner: OWNER }, stats: { orders: 2, price: { value: '1' } } };
    const ddo = await write({ ...publishable({ nftAddress: address('7') }), ...own });
    const [service] = ddo.services;
    const token = { address: service?.datatokenAddress, name: '', symbol: '', serviceId: service?.id };
    expect((await call('GET', `ddo/${ddo.id}`)).json()).to.deep.include({
      nft: { address: ddo.nftAddress, name: '', symbol: '', ...own.nft },
      datatokens: [token],
      stats: own.stats,
      purgatory: { state: false },
    });
    const { hits } = (await call('POST', 'query', { query: { ids: { values: [ddo.id] } } })).json() as FoundAssets;
    for (const { _source } of hits.hits) expect(_source).to.deep.include({ datatokens: [token] });
    expect(hits.total.value).to.equal(1);
  });

  it('says that it serves what names no other provider itself: clients ask where it is served, and nobody else', async () => {
    for (const [digit, serviceEndpoint] of [
      ['8', 'https://other.example'],
      ['9', undefined],
      ['a', ''],
    ] as const) {
      const ddo = publishable({ nftAddress: address(digit) });
      const [service] = ddo.services;
      await write({ ...ddo, services: [{ ...service, serviceEndpoint }] as unknown as Ddo['services'] });
      const shown = (await call('GET', `ddo/${ddo.id}`)).json() as Ddo;
      const { hits } = (await call('POST', 'query', { query: { term: { id: ddo.id } } })).json() as FoundAssets;
      const listed = hits.hits.map(({ _source }) => _source as Ddo);
      for (const { services } of [shown, ...listed])
        expect(services[0]).to.deep.equal({ ...service, serviceEndpoint: serviceEndpoint || scene.url });
      expect(listed).to.have.length(1);
    }
  });

  it('shows what is for listed consumers to those alone', async () => {
    const listed = scene.caller();
    const credentials = { allow: [{ type: 'address', values: [listed.address] }] };
    const ddo = await write({ ...publishable({ nftAddress: address('4') }), credentials });
    const path = `/api/aquarius/assets/ddo/${ddo.id}`;
    expect((await call('GET', `ddo/${ddo.id}`)).status).to.equal(404);
    expect((await scene.caller().typed('GET', path)).status).to.equal(404);
    expect((await listed.typed('GET', path)).status).to.equal(200);
    const body = { query: { term: { id: ddo.id } } };
    expect((await found(body)).total).to.equal(0);
    const answer = await listed.typed('POST', '/api/aquarius/assets/query', { body });
    expect((answer.json() as FoundAssets).hits.total.value).to.equal(1);
  });

  it('never shows results of jobs, nor what its owner took back', async () => {
    const seal = () => '0x1234';
    const results = await write(describeResults(RESULTS, { owner: OWNER, chainId: 8996, seal }));
    const former = { ...results.metadata, name: `Results of job ${RESULTS.jobId}, run 1` };
    for (const ddo of [results, { ...results, metadata: former }, { ...results, credentials: null }]) {
      await write(ddo);
      expect((await call('GET', `ddo/${ddo.id}`)).status).to.equal(404);
      expect((await found({ query: { match: { id: ddo.id } } })).total).to.equal(0);
    }
    for (const [state, status] of [
      [1, 404],
      [2, 404],
      [3, 404],
      [4, 200],
      [5, 200],
    ] as const) {
      const ddo = await write({ ...publishable({ nftAddress: address('5') }), nft: { state } });
      expect((await call('GET', `ddo/${ddo.id}`)).status, `state ${state}`).to.equal(status);
    }
  });

  it('is searched by id, type, name and author', async () => {
    const ddo = await write(publishable({ nftAddress: address('6') }));
    expect((await found({ query: { term: { _id: ddo.id } } })).ids).to.deep.equal([ddo.id]);
    expect((await found({ query: { match: { 'metadata.name': 'DIGITS of pi' } } })).ids).to.include(ddo.id);
    expect((await found({ query: { match: { 'metadata.author': { query: 'tester' } } } })).ids).to.include(ddo.id);
    expect((await found({ query: { term: { 'metadata.type.keyword': 'algorithm' } } })).ids).to.deep.equal([
      scene.algorithm.id,
    ]);
    const both = [ddo.id, scene.algorithm.id];
    const byIds = { ids: { values: [...both, `did:op:${'0'.repeat(64)}`] } };
    expect((await found({ query: byIds })).ids).to.have.members(both);
    expect((await found({ query: { terms: { id: both } } })).ids).to.have.members(both);
    const isAlgorithm = { term: { 'metadata.type': 'algorithm' } };
    const searched = { bool: { filter: [byIds], must: isAlgorithm } };
    expect((await found({ query: searched })).ids).to.deep.equal([scene.algorithm.id]);
    const all = await found({ size: 100 });
    expect(all.total).to.equal(all.ids.length);
    const paged = await Promise.all([0, 1].map((from) => found({ size: 1, from })));
    expect(paged.flatMap(({ ids }) => ids)).to.deep.equal(all.ids.slice(0, 2));
  });

  it('is searched by what may not be, by one of several, and by lists within lists', async () => {
    const nft = { owner: `0x${'Cd'.repeat(20)}`, state: 4 };
    const ddo = await write({ ...publishable({ nftAddress: address('b') }), nft });
    const others = (await found({ size: 1_000 })).ids.filter((id) => id !== ddo.id);
    const isThis = { term: { 'nft.owner': nft.owner.toLowerCase() } };
    const isAny = { terms: { _index: ['aquarius'] } };
    expect((await found({ query: { bool: { must_not: [isThis, null] } }, size: 1_000 })).ids).to.not.include(ddo.id);
    const butThis = { bool: { filter: [isAny], must_not: isThis } };
    expect((await found({ query: butThis, size: 1_000 })).ids).to.deep.equal(others);
    const either = { bool: { should: [isThis, { term: { id: scene.algorithm.id } }], minimum_should_match: 1 } };
    const wanted = { bool: { must: [either], filter: [{ terms: { chainId: [ddo.chainId] } }] } };
    expect((await found({ query: wanted })).ids)
      .to.include(ddo.id)
      .and.include(scene.algorithm.id);
    expect((await found({ query: { bool: { filter: [wanted], must_not: [{ term: { 'nft.state': 4 } }] } } })).ids)
      .to.include(scene.algorithm.id)
      .and.not.include(ddo.id);
    const phrase = (text: string) => found({ query: { match_phrase: { 'metadata.name': { query: text } } } });
    expect((await phrase('ten DIGITS')).ids).to.include(ddo.id);
    expect((await phrase('digits ten')).ids).to.deep.equal([]);
  });

  it('takes no other query', async () => {
    const deepest = { term: { name: 'a' } };
    const eleven = { bool: { filter: Array.from({ length: 10 }, () => deepest) } };
    for (const body of [
      { query: { match: { 'services.files': '0x' } } },
      { query: { term: { nftAddress: OWNER } } },
      { query: { script: { source: 'x' } } },
      { query: { bool: {} } },
      { query: { bool: { must_not: [{ term: { nftAddress: 'a' } }] } } },
      { query: { bool: { filter: [{ term: { name: 'a' } }], should: 'a' } } },
      { query: { bool: { should: [{ term: { name: 'a' } }], minimum_should_match: '2<75%' } } },
      {
        query: {
          bool: {
            filter: [
              { bool: { filter: [{ bool: { filter: [{ bool: { filter: [{ bool: { filter: [deepest] } }] } }] } }] } },
            ],
          },
        },
      },
      { query: { bool: { filter: [eleven, eleven] } } },
      { query: { bool: { filter: Array.from({ length: 21 }, () => ({ term: { name: 'a' } })) } } },
      { query: { bool: { filter: 'a' } } },
      { query: { ids: { values: 'a' } } },
      { query: { ids: { values: Array.from({ length: 1_001 }, String) } } },
      { query: { terms: { 'services.files': ['0x'] } } },
      { query: { match: { name: 'a', author: 'b' } } },
      { query: { match: { name: 'a' }, term: { name: 'b' } } },
      { query: { match: { name: ['a'] } } },
      { query: { match: { constructor: 'a' } } },
      { query: { match: { name: 'x'.repeat(300) } } },
      { query: 'a' },
      { size: 10_001 },
      { from: -1 },
    ]) {
      expect((await call('POST', 'query', body)).status, JSON.stringify(body).slice(0, 80)).to.equal(400);
    }
  });

  it('finds a description valid, and signs that with a key for nothing else', async () => {
    const text = JSON.stringify(publishable());
    const response = await fetch(`${scene.url}/api/aquarius/assets/ddo/validate`, {
      method: 'POST',
      headers: { 'content-type': 'application/octet-stream' },
      body: text,
    });
    const proof = (await response.json()) as ValidationProof;
    expect(proof.hash).to.equal(`0x${createHash('sha256').update(text).digest('hex')}`);
    const signature = { v: proof.v, r: proof.r[0] ?? '', s: proof.s[0] ?? '' };
    expect(verifyMessage(getBytes(proof.hash), signature)).to.equal(proof.publicKey);
    const { providerAddress } = (await (await fetch(scene.url)).json()) as { providerAddress: string };
    expect(proof.publicKey).not.to.equal(providerAddress);
  });

  it('names what is wrong with one', async () => {
    const good = publishable();
    const service = good.services[0];
    for (const [field, bad] of [
      ['metadata.license', { ...good, metadata: { ...good.metadata, license: undefined } }],
      ['metadata.description', { ...good, metadata: { ...good.metadata, description: 'short' } }],
      ['metadata.algorithm', { ...good, metadata: { ...good.metadata, type: 'algorithm' } }],
      ['version', { ...good, version: '5.0.0' }],
      ['id', { ...good, id: `did:op:${'0'.repeat(64)}` }],
      ['services[0].timeout', { ...good, services: [{ ...service, timeout: 'long' }] }],
      ['services[0]', { ...good, services: [{ ...service, type: 'compute' }] }],
      ['services', { ...good, services: [] }],
      ['@context', { ...good, '@context': undefined }],
    ] as const) {
      const answer = await call('POST', 'ddo/validate', bad);
      expect(answer.status, field).to.equal(400);
      expect((answer.json() as { errors: object }).errors, answer.text).to.have.property(field);
    }
    expect((await call('POST', 'ddo/validate', [])).status).to.equal(400);
    expect((await call('POST', 'ddo/validate', { a: '['.repeat(100_000) })).status).to.equal(400);
  });
});
