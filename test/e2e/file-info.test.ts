import { createHash } from 'node:crypto';
import { expect } from 'chai';
import type { Ddo } from '@capstan/shared/contract/ddo';
import type { FileInfo } from '@capstan/shared/contract/file-info';
import { startServer, type Server } from '../support/runner/fetching.ts';
import { createCaller } from '../support/gateway/caller.ts';
import { startTestNode, type TestNode } from '../support/node.ts';

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
const TEXT = 'one,two\n1,2\n';
const SECRET = 'a-key-that-opens-it';
const PER_HOUR = 400;

describe('what everybody may know of files', () => {
  let sources: Server;
  let node: TestNode;
  before(async () => {
    sources = await startServer(({ path = '' }, response) => {
      const url = new URL(path, 'http://sources');
      switch (url.pathname) {
        case '/gone':
          return response.writeHead(404).end('the secret page of errors');
        case '/named':
          response.writeHead(200, {
            'content-type': 'text/csv; charset=utf-8',
            'content-disposition': 'attachment; filename="../tables/one.csv"',
          });
          return response.end(TEXT);
        case '/stream':
          response.writeHead(200, { 'content-type': 'text/plain' });
          response.write(TEXT);
          return response.end(TEXT);
        case '/large':
          response.writeHead(200, { 'content-length': 60_000_000, 'content-type': 'application/octet-stream' });
          return response.write('x');
        case '/redirect':
          return response.writeHead(302, { location: 'http://169.254.169.254/latest/meta-data' }).end();
        default:
          response.writeHead(200, { 'content-type': 'text/plain', 'content-length': TEXT.length });
          return response.end(TEXT);
      }
    });
    node = await startTestNode({
      variables: {
        CAPSTAN_RUNNER_FETCH_ALLOW_PRIVATE: '["127.0.0.0/8"]',
        CAPSTAN_GATEWAY_LIMITS_FILE_INFOS_PER_HOUR: String(PER_HOUR),
        CAPSTAN_GATEWAY_TRUSTED_PROXIES: '["127.0.0.0/8"]',
      },
    });
  });
  after(async () => {
    await node[Symbol.asyncDispose]();
    await sources[Symbol.asyncDispose]();
  });

  let networks = 0;
  const ask = async (body: object, headers: Record<string, string> = {}) => {
    networks += 1;
    const response = await fetch(`${node.url}/api/services/fileinfo`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'X-Forwarded-For': `10.1.${networks >> 8}.${networks & 255}`,
        ...headers,
      },
      body: JSON.stringify(body),
    });
    const text = await response.text();
    return { status: response.status, text, files: JSON.parse(text) as readonly FileInfo[], headers: response.headers };
  };
  const at = (path: string) => `${sources.url}${path}`;
  const serviceOf = (ddo: Ddo) => ({ did: ddo.id, serviceId: ddo.services[0]?.id });

  it('are told of a service, each file in its place', async () => {
    const ddo = await node.addDataset({ files: [{ url: at('/named') }, { url: at('/gone') }, { text: TEXT }] });
    const { status, files } = await ask(serviceOf(ddo));
    expect(status).to.equal(200);
    expect(files).to.have.length(3);
    expect(files[0]).to.deep.equal({
      index: 0,
      valid: true,
      type: 'url',
      contentLength: '',
      contentType: 'text/csv',
      filename: 'one.csv',
    });
    expect(files[1]).to.deep.equal({ index: 1, valid: false, type: 'url', contentLength: '', contentType: '' });
    expect(files[2]).to.include({ index: 2, valid: true, type: 'catalogue', contentLength: String(TEXT.length) });
  });

  it('have a checksum where one asks for it, in each way that clients do', async () => {
    const ddo = await node.addDataset({ files: [{ url: at('/stream') }] });
    for (const checksum of [true, 1]) {
      const { files } = await ask({ ...serviceOf(ddo), checksum });
      expect(files).to.deep.equal([
        {
          index: 0,
          valid: true,
          type: 'url',
          contentLength: String(2 * TEXT.length),
          contentType: 'text/plain',
          filename: 'file-0.txt',
          checksum: sha256(TEXT + TEXT),
          checksumType: 'sha256',
        },
      ]);
    }
    const { files } = await ask({ ...serviceOf(ddo), checksum: false });
    expect(files[0]).not.to.have.property('checksum');
  });

  it('are told of a file that is in no asset yet', async () => {
    const url = at(`/${SECRET}/data.csv?token=${SECRET}`);
    const { status, files, text } = await ask({
      type: 'url',
      index: 0,
      url,
      method: 'get',
      headers: [],
      checksum: true,
    });
    expect(status).to.equal(200);
    expect(files).to.have.length(1);
    expect(files[0]).to.include({
      valid: true,
      checksum: sha256(TEXT),
      filename: 'file-0.csv',
      contentType: 'text/plain',
    });
    expect(text).not.to.contain(SECRET).and.not.to.contain('127.0.0.1');
  });

  it('say nothing of one that can not be had, whatever the reason', async () => {
    const nothing = [{ index: 0, valid: false, type: 'url', contentLength: '', contentType: '' }];
    for (const url of [
      at('/gone'),
      at('/redirect'),
      'http://10.0.0.1/',
      'http://192.168.0.1:22/',
      'http://no.such.name.invalid/',
      'ftp://example.org/x',
    ]) {
      const { status, files } = await ask({ type: 'url', url });
      expect({ url, status, files }).to.deep.equal({ url, status: 200, files: nothing });
    }
  });

  it('are no way to what belongs to the node itself', async () => {
    for (const file of [
      { type: 'catalogue', path: 'x' },
      { type: 'result', jobId: '0'.repeat(32), run: 1, index: 0 },
      { type: 'file', url: 'file:///etc/passwd' },
      { type: 'ipfs', hash: '../../../api/v0/id' },
      {},
    ]) {
      expect((await ask(file)).status, JSON.stringify(file)).to.equal(400);
    }
  });

  it('stay untold of an asset that is for listed consumers, but to those', async () => {
    const listed = createCaller(() => node.url);
    const stranger = createCaller(() => node.url);
    const ddo = await node.addDataset();
    await node.writeDdo({ ...ddo, credentials: { allow: [{ type: 'address', values: [listed.address] }] } });
    const unknown = await ask(serviceOf(ddo));
    expect(unknown).to.deep.include({ status: 400 });
    expect(unknown.text).to.contain('did_not_found');
    const body = serviceOf(ddo);
    const typed = async (who: typeof listed) => who.typed('POST', '/api/services/fileinfo', { body });
    expect((await typed(stranger)).text).to.contain('did_not_found');
    expect((await typed(listed)).json()).to.have.length(1);
  });

  it('of many files are looked at to a bound, and all are numbered', async () => {
    const before = sources.asked.length;
    const files = Array.from({ length: 60 }, (_, i) => ({ url: at(`/many/${i}`) }));
    const ddo = await node.addDataset({ files });
    const answer = await ask(serviceOf(ddo));
    expect(answer.files.map(({ index }) => index)).to.deep.equal(files.map((_, i) => i));
    expect(answer.files.filter(({ valid }) => valid)).to.have.length(20);
    expect(sources.asked.length - before).to.equal(20);
    const last = await ask({ ...serviceOf(ddo), fileIndex: 59 });
    expect(last.files).to.have.length(1);
    expect(last.files[0]).to.include({ index: 59, valid: true });
  });

  it('are not read past a bound for a checksum', async () => {
    const { files } = await ask({ type: 'url', url: at('/large'), checksum: true });
    expect(files[0]).to.include({ valid: true, contentLength: '60000000' }).and.not.have.property('checksum');
  });

  it('are looked at once, however many ask, also at once', async () => {
    const body = { type: 'url', url: at('/often') };
    await Promise.all([1, 2, 3, 4].map(() => ask(body)));
    await ask(body);
    expect(sources.asked.filter(({ path }) => path === '/often')).to.have.length(1);
  });

  it('are looked at so often only that nobody makes the node a hammer', async () => {
    const before = sources.asked.length;
    const answers = [];
    for (let round = 0; round <= PER_HOUR / 16; round += 1) {
      const url = at(`/hammer/${round}`);
      answers.push(await ask({ type: 'url', url }, { 'X-Forwarded-For': '10.9.9.9' }));
    }
    const refused = answers.filter(({ status }) => status === 429);
    expect(refused.length, 'refused').to.be.greaterThan(0);
    expect(refused[0]?.headers.get('retry-after')).to.match(/^\d+$/);
    expect(sources.asked.length - before).to.be.at.most(PER_HOUR / 16);
    const one = await ask({ type: 'url', url: at('/another') });
    expect(one.status, 'another network').to.equal(200);
  });
});
