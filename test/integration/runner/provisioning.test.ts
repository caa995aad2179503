import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import { expect } from 'chai';
import { startAssetServer, type AssetServer } from '../../support/asset-server.ts';
import { startScene, type Scene } from '../../support/runner/scene.ts';

/** Leaves what it sees as `seen.json`. */
const LOOK = `
const { readdirSync, readFileSync, statSync, writeFileSync } = require('node:fs');
const files = readdirSync('/data', { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile())
  .map((entry) => entry.parentPath + '/' + entry.name)
  .filter((path) => !path.startsWith('/data/outputs'));
writeFileSync('/data/outputs/seen.json', JSON.stringify({
  files: Object.fromEntries(files.map((path) => [path, readFileSync(path, 'utf8')])),
  modes: Object.fromEntries(files.map((path) => [path, (statSync(path).mode & 0o777).toString(8)])),
  argv: process.argv,
  env: process.env,
}));
`;

interface Seen {
  readonly files: Readonly<Record<string, string>>;
  readonly modes: Readonly<Record<string, string>>;
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

describe('provisioning', () => {
  let scene: Scene;
  let server: AssetServer;

  before(async () => {
    server = await startAssetServer();
    scene = await startScene({
      variables: {
        CAPSTAN_RUNNER_FETCH_ALLOW_PRIVATE: '["127.0.0.0/8"]',
        CAPSTAN_RUNNER_FETCH_MAX_FILE_GB: '0.001',
        CAPSTAN_RUNNER_FETCH_IDLE_TIMEOUT_S: '1',
      },
    });
    await mkdir(join(scene.dataDir, 'catalogue', 'files'), { recursive: true });
  });
  after(async () => {
    await scene[Symbol.asyncDispose]();
    await server[Symbol.asyncDispose]();
  });

  const seenBy = async (jobId: Parameters<Scene['text']>[0]) =>
    JSON.parse(await scene.text(jobId, 'seen.json')) as Seen;

  it('puts datasets, DDOs, algorithm and custom data where the contract says', async () => {
    await writeFile(join(scene.dataDir, 'catalogue', 'files', 'local'), 'from the catalogue');
    const jobId = await scene.start({
      algorithm: {
        files: [
          { type: 'url', url: server.serve('/algorithm', { kind: 'file', body: LOOK }) },
          { type: 'url', url: server.serve('/helper', { kind: 'file', body: 'a helper' }) },
        ],
      },
      datasets: [
        {
          files: [
            { type: 'url', url: server.serve('/0', { kind: 'file', body: 'zero' }) },
            { type: 'url', url: server.serve('/1', { kind: 'file', body: '' }) },
          ],
        },
        { files: [{ type: 'catalogue', path: 'local' }], isBareList: true },
      ],
      algocustomdata: { answer: 42 },
    });
    const ending = await scene.until(jobId, 'end');
    expect(ending.code).to.equal(70);
    const { files, modes, argv, env } = await seenBy(jobId);
    const [first = '', second = ''] = JSON.parse(env['DIDS'] ?? '[]') as string[];
    const algorithm = env['TRANSFORMATION_DID'] ?? '';
    expect(files).to.deep.include({
      [`/data/inputs/${first}/0`]: 'zero',
      [`/data/inputs/${first}/1`]: '',
      [`/data/inputs/${second}/0`]: 'from the catalogue',
      '/data/inputs/algoCustomData.json': '{"answer":42}',
      '/data/transformations/algorithm': LOOK,
      '/data/transformations/1': 'a helper',
    });
    for (const id of [first, second, algorithm]) {
      expect(id).to.match(/^[0-9a-f]{64}$/);
      expect(JSON.parse(files[`/data/ddos/${id}`] ?? '')).to.include({ id: `did:op:${id}` });
      expect(files[`/data/ddos/did:op:${id}`]).to.equal(files[`/data/ddos/${id}`]);
    }
    expect(modes['/data/transformations/algorithm']).to.equal('555');
    expect(argv.slice(1)).to.deep.equal(['/data/transformations/algorithm']);
    expect(env['ALGO']).to.equal('/data/transformations/algorithm');
    expect(env['secret']).to.match(/^[0-9a-f]{64}$/);
  });

  it('sends the parameters of the consumer with the requests of the asset', async () => {
    await using echo = await startEcho();
    const jobId = await scene.start({
      rawcode: LOOK,
      datasets: [
        {
          files: [{ type: 'url', url: `${echo.url}/get?a=1`, headers: { 'x-key': 'k' } }],
          userdata: { b: 'two', c: 3 },
        },
        { files: [{ type: 'url', url: `${echo.url}/post`, method: 'POST' }], userdata: { b: 'two' } },
      ],
    });
    expect((await scene.until(jobId, 'end')).code).to.equal(70);
    expect(echo.requests).to.deep.equal([
      { method: 'GET', url: '/get?a=1&b=two&c=3', key: 'k', body: undefined },
      { method: 'POST', url: '/post', key: undefined, body: { b: 'two' } },
    ]);
  });

  it('takes files whose size nobody tells, and files that come compressed', async () => {
    await using chunked = await startEcho();
    const jobId = await scene.start({
      rawcode: LOOK,
      datasets: [{ files: ['/chunked', '/gzip'].map((path) => ({ type: 'url' as const, url: chunked.url + path })) }],
    });
    expect((await scene.until(jobId, 'end')).code).to.equal(70);
    const contents = Object.entries((await seenBy(jobId)).files).filter(
      ([path]) => path.startsWith('/data/inputs') && !path.endsWith('/algoCustomData.json'),
    );
    expect(contents.map(([, text]) => text).toSorted()).to.deep.equal(['in pieces', 'was compressed']);
    const scratch = await readdir(join(scene.dataDir, 'scratch'));
    expect(scratch.filter((name) => name.startsWith('spool'))).to.deep.equal([]);
  });

  it('runs a command line that needs a shell in one, any other without', async () => {
    const container = { entrypoint: 'cat $ALGO | wc -c > /data/outputs/count' };
    const jobId = await scene.start({ rawcode: '12345', container });
    expect((await scene.until(jobId, 'end')).code).to.equal(70);
    expect((await scene.text(jobId, 'count')).trim()).to.equal('5');
  });

  it('tries again what may pass, and starts once it came', async () => {
    const url = server.serve('/flaky', { kind: 'fail', status: 503, times: 2, body: 'at last' });
    const jobId = await scene.start({ rawcode: LOOK, datasets: [{ files: [{ type: 'url', url }] }] });
    expect((await scene.until(jobId, 'end')).code).to.equal(70);
    expect(Object.values((await seenBy(jobId)).files)).to.include('at last');
  });

  describe('that fails names the asset and the file, never the address', () => {
    const failing = (path: string, body: () => string) => async () => {
      const jobId = await scene.start({
        rawcode: LOOK,
        datasets: [
          { files: [{ type: 'url', url: server.serve(path, { kind: 'file', body: 'good' }) }, urlFile(body())] },
        ],
      });
      const { code, details } = await scene.until(jobId, 'end');
      const reason = details.termination?.reason ?? '';
      expect(code, reason).to.equal(31);
      expect(reason).to.match(/^File 1 of the dataset did:op:[0-9a-f]{64} could not be fetched: /);
      expect(reason).not.to.contain('127.0.0.1').and.not.to.contain('http:');
      expect(scene.codes(jobId)).to.deep.equal([10, 20, 31]);
      expect((await scene.manifest(jobId)).files).to.deep.equal([]);
      return reason;
    };
    const urlFile = (url: string) => ({ type: 'url' as const, url });
    const served = (path: string, behaviour: Parameters<AssetServer['serve']>[1]) => () =>
      server.serve(path, behaviour);

    it('missing', async () => {
      expect(await failing('/a', () => `${server.url}/nowhere`)()).to.contain('its server answered 404');
      expect(server.requests().filter((path) => path === '/nowhere')).to.have.length(1);
    });
    it('too large', async () => {
      const large = served('/large', { kind: 'file', body: randomBytes(1_100_000) });
      expect(await failing('/b', large)()).to.contain('larger than 0.001 GB');
    });
    it('silent', async () => {
      expect(await failing('/c', served('/hang', { kind: 'hang' }))()).to.contain('did not answer in time');
    });
    it('private', async () => {
      const port = new URL(server.url).port;
      for (const host of ['[::1]', '[::ffff:10.0.0.1]', '169.254.169.254', '0x0a000001', '10.1']) {
        expect(await failing('/d', () => `http://${host}:${port}/a`)(), host).to.contain('has no public address');
      }
    });
    it('behind a redirect to a private address', async () => {
      await using redirecting = await startEcho();
      expect(await failing('/e', () => `${redirecting.url}/redirect`)()).to.contain('has no public address');
      expect(await failing('/e', () => `${redirecting.url}/loop`)()).to.contain('redirects more than 5 times');
    });
    it('of another kind than http', async () => {
      expect(await failing('/f', () => 'file:///etc/passwd')()).to.contain('neither http nor https');
    });
  });

  it('never leaves the folder of the catalogue', async () => {
    for (const path of ['../../node.key', '/etc/passwd', '..', '.', 'nowhere']) {
      const jobId = await scene.start({ rawcode: LOOK, datasets: [{ files: [{ type: 'catalogue', path }] }] });
      const { code, details } = await scene.until(jobId, 'end');
      expect(code).to.equal(31);
      expect(details.termination?.reason).to.contain('it is not in the catalogue of this node');
    }
  });

  it('refuses encrypted files that belong to another asset', async () => {
    const url = server.serve('/a', { kind: 'file', body: 'good' });
    const jobId = await scene.start({ rawcode: LOOK, datasets: [{ files: [{ type: 'url', url }], isForeign: true }] });
    const { code, details } = await scene.until(jobId, 'end');
    expect(code).to.equal(31);
    expect(details.termination?.reason).to.contain('its encrypted files belong to another asset');
  });

  describe('of an algorithm whose files the data owner trusts by checksum', () => {
    const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
    const start = (trustedFilesChecksums: string[][]) => {
      const url = server.serve('/trusted', { kind: 'file', body: LOOK });
      const second = server.serve('/second', { kind: 'file', body: 'second' });
      const files = [url, second].map((each) => ({ type: 'url' as const, url: each }));
      return scene.start({ algorithm: { files, trustedFilesChecksums } });
    };

    it('goes on if they are the ones', async () => {
      const jobId = await start([[sha256('other'), sha256(LOOK) + sha256('second')]]);
      expect((await scene.until(jobId, 'end')).code).to.equal(70);
    });
    it('fails before anything is started if one list lacks them', async () => {
      const jobId = await start([[sha256(LOOK) + sha256('second')], [sha256(LOOK)]]);
      const { code, details } = await scene.until(jobId, 'end');
      expect(code).to.equal(32);
      expect(details.termination?.reason).to.contain('algorithm_file_checksum_mismatch');
      expect(scene.codes(jobId)).to.deep.equal([10, 20, 32]);
    });
  });

  it('says which file of the algorithm is missing', async () => {
    const jobId = await scene.start({ algorithm: { files: [{ type: 'url', url: `${server.url}/missing` }] } });
    const { code, details } = await scene.until(jobId, 'end');
    expect(code).to.equal(32);
    expect(details.termination?.reason).to.match(/^File 0 of the algorithm did:op:[0-9a-f]{64} .* answered 404\.$/);
  });
});

interface Echo extends AsyncDisposable {
  readonly url: string;
  readonly requests: readonly object[];
}

/** Remembers what it was asked, and answers in less usual ways. */
async function startEcho(): Promise<Echo> {
  const requests: object[] = [];
  const server: Server = createServer((request: IncomingMessage, response) => {
    const { method, url } = request;
    switch (url) {
      case '/chunked':
        response.write('in ');
        response.end('pieces');
        return;
      case '/gzip':
        response.setHeader('content-encoding', 'gzip').end(gzipSync('was compressed'));
        return;
      case '/redirect':
        response.writeHead(302, { location: 'http://169.254.169.254/latest' }).end();
        return;
      case '/loop':
        response.writeHead(302, { location: '/loop' }).end();
        return;
      default: {
        const answer = (body: unknown) => {
          requests.push({ method, url, key: request.headers['x-key'], body });
          response.end('ok');
        };
        if (method === 'POST') json(request).then(answer, () => response.destroy());
        else answer(undefined);
      }
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}
