import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { get, type IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import type { JobId } from '@capstan/shared/contract/ids';
import type { Manifest } from '@capstan/shared/results/manifest';
import { CapstanError } from '@capstan/shared/contract/errors';
import { expect } from 'chai';
import { getResult } from '../../../../services/gateway/src/http/routes/get-result.ts';
import { createConnectionLimit } from '../../../../services/gateway/src/limits/connection-limit.ts';
import { createResultsFolder } from '../../../../services/gateway/src/results/folder.ts';
import { nobody, serve } from '../../../support/gateway/http.ts';

const jobId = 'ab'.repeat(16) as JobId;
const bytes = randomBytes(5_000);
const sha256 = createHash('sha256').update(bytes).digest('hex');
const query = new URLSearchParams({
  jobId,
  index: '0',
  nonce: '1',
  consumerAddress: `0x${'1'.repeat(40)}`,
  signature: `0x${'1'.repeat(130)}`,
}).toString();

const readers = { identify: nobody, bodyLimitBytes: () => 0 };

async function aResult(filename = 'sub/table.csv') {
  const dir = await mkdtemp(join(tmpdir(), 'capstan-results-'));
  const run = join(dir, jobId, '1');
  await mkdir(join(run, 'files'), { recursive: true });
  await writeFile(join(run, 'files', '0'), bytes);
  const manifest: Manifest = {
    v: 1,
    jobId,
    run: 1,
    attempt: 1,
    code: 70,
    endedAt: 1,
    expiresAt: 2,
    termination: null,
    files: [{ index: 0, filename, filesize: bytes.length, type: 'output', sha256 }],
    skipped: [],
  };
  await writeFile(join(run, 'manifest.json'), JSON.stringify(manifest));
  const results = createResultsFolder(dir);
  const node = await serve(
    getResult(async ({ index }) => {
      const opened = await results.open({ jobId, run: 1 }, Number(index));
      if (!opened) throw new CapstanError('NOT_FOUND', 'There is no such result.');
      return opened;
    }).by(readers),
  );
  const fetchResult = (headers: Record<string, string> = {}, method = 'GET', which = query) =>
    fetch(`${node.url}/api/services/computeResult?${which}`, { headers, method });
  return {
    url: `${node.url}/api/services/computeResult?${query}`,
    get: fetchResult,
    file: join(run, 'files', '0'),
    async [Symbol.asyncDispose]() {
      await node[Symbol.asyncDispose]();
      await rm(dir, { recursive: true });
    },
  };
}

describe('results on their way', () => {
  it('are so many at a time, and one that is over leaves its place', async () => {
    const reading: Readable[] = [];
    const open = () => ({
      file: { index: 0, filename: 'a', filesize: bytes.length, type: 'output' as const, sha256 },
      expiresAt: 2,
      read: () => {
        // Its reader has the beginning, and waits for the rest.
        const stream = new Readable({ read: () => undefined }).on('error', () => undefined);
        stream.push(bytes.subarray(0, 10));
        reading.push(stream);
        return stream;
      },
      close: () => Promise.resolve(),
    });
    const places = createConnectionLimit({ maxFollowers: 9, maxFollowersPerNetwork: 1, what: 'results' });
    await using node = await serve(getResult(() => Promise.resolve(open()), places).by(readers));
    const url = `${node.url}/api/services/computeResult?${query}`;
    const first = get(url, { agent: false }).on('error', () => undefined);
    const [answer] = (await once(first, 'response')) as [IncomingMessage];
    expect(answer.statusCode).to.equal(200);
    const second = await fetch(url);
    expect([second.status, second.headers.has('retry-after')]).to.deep.equal([429, true]);
    const over = reading.map((stream) => new Promise((resolve) => stream.once('close', resolve)));
    first.destroy();
    await Promise.all(over);
    const third = await fetch(url);
    expect(third.status).to.equal(200);
    await third.body?.cancel();
  });
});

describe('a part of a result', () => {
  it('is refused where the file is another one by now than the one that is asked for', async () => {
    await using result = await aResult();
    const other = `"${'0'.repeat(64)}"`;
    const fetchPart = (match: string) => result.get({ Range: 'bytes=10-19', 'If-Match': match });
    const refused = await fetchPart(other);
    expect(refused.status).to.equal(412);
    expect(refused.headers.get('etag')).to.equal(`"${sha256}"`);
    expect((await fetchPart(`W/"${sha256}"`)).status).to.equal(412);
    for (const match of [`"${sha256}"`, `${other}, "${sha256}"`, '*'])
      expect((await fetchPart(match)).status).to.equal(206);
  });

  it('is nothing that HEAD asks for: it tells of the whole file', async () => {
    await using result = await aResult();
    const { status, headers } = await result.get({ Range: 'bytes=10-19' }, 'HEAD');
    expect([status, headers.get('content-length'), headers.get('content-range')]).to.deep.equal([200, '5000', null]);
  });
});

describe('a result', () => {
  it('comes whole, with type, name, length and its hash as ETag', async () => {
    await using result = await aResult();
    const response = await result.get();
    expect(response.status).to.equal(200);
    expect(response.headers.get('content-type')).to.contain('text/csv');
    expect(response.headers.get('content-disposition')).to.equal('attachment;filename=table.csv');
    expect(response.headers.get('content-length')).to.equal(String(bytes.length));
    expect(response.headers.get('etag')).to.equal(`"${sha256}"`);
    expect(Buffer.from(await response.arrayBuffer()).equals(bytes)).to.equal(true);
  });

  const ranges = [
    ['bytes=0-99', 0, 99],
    ['bytes=4990-', 4_990, 4_999],
    ['bytes=-10', 4_990, 4_999],
    ['bytes=100-9999', 100, 4_999],
  ] as const;
  for (const [range, start, end] of ranges) {
    it(`comes in part for ${range}`, async () => {
      await using result = await aResult();
      const response = await result.get({ range });
      expect(response.status).to.equal(206);
      expect(response.headers.get('content-range')).to.equal(`bytes ${start}-${end}/5000`);
      expect(Buffer.from(await response.arrayBuffer()).equals(bytes.subarray(start, end + 1))).to.equal(true);
    });
  }

  for (const range of ['bytes=x-y', 'lines=1-2', 'bytes=0-1,10-11']) {
    it(`comes whole for the range ${range}`, async () => {
      await using result = await aResult();
      const response = await result.get({ range });
      expect(response.status).to.equal(200);
      expect((await response.arrayBuffer()).byteLength).to.equal(bytes.length);
    });
  }

  it('has no bytes beyond its end', async () => {
    await using result = await aResult();
    const response = await result.get({ range: 'bytes=5000-' });
    expect(response.status).to.equal(416);
    expect(response.headers.get('content-range')).to.equal('bytes */5000');
  });

  it('comes whole when it is not the one that the client began with', async () => {
    await using result = await aResult();
    expect((await result.get({ range: 'bytes=0-9', 'if-range': '"other"' })).status).to.equal(200);
    expect((await result.get({ range: 'bytes=0-9', 'if-range': `"${sha256}"` })).status).to.equal(206);
  });

  it('need not come again', async () => {
    await using result = await aResult();
    // fetch would ask its caches to be passed over.
    const request = get(result.url, { headers: { 'if-none-match': `"${sha256}"` } });
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    expect(response.statusCode).to.equal(304);
    response.resume();
  });

  it('tells its length without its bytes', async () => {
    await using result = await aResult();
    const response = await result.get({}, 'HEAD');
    expect(response.status).to.equal(200);
    expect(response.headers.get('content-length')).to.equal(String(bytes.length));
  });

  it('with an odd name has it in the one form that ocean.js reads, without what would break it', async () => {
    await using result = await aResult('a/ü "quoted"\n; line 💾.bin');
    const disposition = (await result.get()).headers.get('content-disposition');
    expect(disposition).to.equal('attachment;filename=__ _quoted____line__.bin'.replaceAll(' ', ''));
  });

  it('with an odd name keeps it where a browser goes to its address', async () => {
    await using result = await aResult('a/ü "quoted"\nline.bin');
    const request = get(result.url, { headers: { 'sec-fetch-mode': 'navigate' } });
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    response.resume();
    const disposition = response.headers['content-disposition'] ?? '';
    expect(disposition).to.match(/^attachment; filename="/);
    expect(disposition).to.contain("filename*=UTF-8''");
  });

  it('that is not whole any more is not given out', async () => {
    await using result = await aResult();
    await truncate(result.file, 100);
    expect((await result.get()).status).to.equal(503);
  });

  for (const index of ['1', '99']) {
    it(`does not exist at index ${index}`, async () => {
      await using result = await aResult();
      expect((await result.get({}, 'GET', query.replace('index=0', `index=${index}`))).status).to.equal(404);
    });
  }

  for (const index of ['-1', '../0', '0x0', '1.5']) {
    it(`has no index ${index}`, async () => {
      await using result = await aResult();
      const answer = await result.get({}, 'GET', query.replace('index=0', `index=${encodeURIComponent(index)}`));
      expect(answer.status).to.equal(400);
      expect(await answer.text()).not.to.contain('/');
    });
  }
});
