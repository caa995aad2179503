import { randomBytes } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { expect } from 'chai';
import type { Objects, Wanted } from '@capstan/shared/results/objects';
import { hastyIn, lie, objectsIn, refused } from '../../support/results/asking-hostile-s3.ts';
import { errorXml, startHostileS3, type HostileS3, type Operation } from '../../support/results/hostile-s3.ts';
import type { Told } from '../../support/results/hostile-server.ts';

const { signal } = new AbortController();
const MB = 1024 * 1024;
const OURS = 'capstan/job/1/';
const ERROR_PAGE = '<!DOCTYPE html><html><body>Service temporarily unavailable</body></html>';
const BOMB = gzipSync(Buffer.alloc(64 * MB));

let s3: HostileS3;
let objects: Objects;

async function* pieces(content: Buffer): AsyncGenerator<Buffer> {
  for (let from = 0; from < content.length; from += MB) yield await Promise.resolve(content.subarray(from, from + MB));
}

const put = (content: Buffer, name = 'job/1/a') => objects.put(name, pieces(content), signal);

async function read(wanted: Wanted, name = 'job/1/a'): Promise<Buffer> {
  const held: Buffer[] = [];
  for await (const piece of await objects.read(name, wanted, signal)) held.push(piece);
  return Buffer.concat(held);
}

/** Ways of answering that no operation may take for done. */
const NEVER: Readonly<Record<string, (honest: Told) => Told>> = {
  'an error of its own': () => ({ status: 503, body: errorXml('SlowDown') }),
  'an error page with 200': () => ({ status: 200, body: ERROR_PAGE }),
  'an error page of a megabyte': () => ({ status: 500, body: `<Error><Code>${'A'.repeat(MB)}</Code></Error>` }),
  'an endless error': () => ({ status: 500, body: 'A'.repeat(64_000), ending: 'endless' }),
  'an endless answer': ({ status }) => ({ status, body: 'A'.repeat(64_000), ending: 'endless' }),
  'half an answer': ({ status, headers, body = '' }) => ({
    status,
    headers: { ...headers, 'content-length': '100000' },
    body: body.slice(0, 10),
    ending: 'cut',
  }),
  'nothing more': ({ status, headers }) => ({ status, headers: { ...headers, 'content-length': '9' }, ending: 'hang' }),
  'a redirect': () => ({ status: 307, headers: { location: 'http://127.0.0.1:1/' } }),
  'another encoding': ({ status, headers, body = '' }) => ({
    status,
    headers: { ...headers, 'content-encoding': 'gzip' },
    body: gzipSync(Buffer.from(body)),
  }),
  'a bomb': ({ status }) => ({
    status,
    headers: { 'content-encoding': 'gzip' },
    body: BOMB,
  }),
};

/** Of the ways above and below, those that nothing but a limit of time ends. */
const SILENT = ['nothing more', 'silence after the first bytes', 'nothing at all'];

/** Of each operation, something that needs it. */
const NEEDING: Readonly<Record<Exclude<Operation, 'head' | 'delete' | 'abort'>, () => Promise<unknown>>> = {
  put: () => put(Buffer.from('content')),
  begin: () => put(Buffer.alloc(17 * MB)),
  part: () => put(Buffer.alloc(17 * MB)),
  complete: () => put(Buffer.alloc(17 * MB)),
  get: () => objects.readSmall('job/1/there', 1_000, signal),
  list: () => objects.removeFolder('job/1', signal),
  listUploads: () => objects.removeFolder('job/1', signal),
};

describe('an S3 store', () => {
  beforeEach(async () => {
    s3 = await startHostileS3();
    objects = objectsIn(s3);
  });
  afterEach(() => s3[Symbol.asyncDispose]());

  for (const [operation, need] of Object.entries(NEEDING) as [Operation, () => Promise<unknown>][]) {
    for (const [what, how] of Object.entries(NEVER)) {
      // What an object holds is judged by whoever knows what it should be.
      if (operation === 'get' && what === 'an error page with 200') continue;
      it(`that answers ${operation} with ${what} is not believed`, async () => {
        if (SILENT.includes(what)) objects = hastyIn(s3);
        s3.objects.set(`${OURS}there`, Buffer.from('there'));
        s3.undone.add(operation);
        s3.lie = lie(operation, how);
        await refused(need());
      });
    }

    it(`that breaks off its answer to ${operation} is asked again`, async () => {
      s3.objects.set(`${OURS}there`, Buffer.from('there'));
      s3.lie = lie(
        operation,
        (honest) => ({ ...honest, headers: { 'content-length': '9000' }, body: 'half', ending: 'cut' }),
        1,
      );
      await need();
    });
  }

  it('that says it stored something is believed only if its ETag or its size and its bytes say so', async () => {
    s3.undone.add('put');
    s3.lie = lie('put', () => ({ status: 200 }));
    expect(await refused(put(Buffer.from('content')))).to.match(/no ETag/);
    s3.lie = lie('put', () => ({ status: 200, headers: { etag: '"opaque"' } }));
    expect(await refused(put(Buffer.from('content')))).to.match(/not there/);
    s3.undone.clear();
    await put(Buffer.from('content'));
    s3.undone.add('put');
    expect(await refused(put(Buffer.from('changed')))).to.match(/not what it was given/);
  });

  it('that has ETags of another kind is read again, and then believed', async () => {
    s3.lie = ({ operation }, honest) =>
      ['put', 'part', 'head'].includes(operation)
        ? { ...honest, headers: { ...honest.headers, etag: '"opaque"' } }
        : undefined;
    await put(Buffer.from('content'));
    await put(randomBytes(17 * MB), 'job/1/large');
    expect(s3.asked.filter((each) => each === 'get')).to.have.length(2);
  });

  it('that loses a part, or puts them together wrongly, is found out', async () => {
    s3.lie = lie('complete', (honest) => {
      for (const [key, content] of s3.objects) s3.objects.set(key, content.subarray(1));
      return honest;
    });
    expect(await refused(put(randomBytes(17 * MB)))).to.match(/not there/);
    s3.lie = (asked, honest) => {
      if (asked.operation === 'complete')
        for (const [key, { length }] of s3.objects) s3.objects.set(key, Buffer.alloc(length));
      return asked.operation === 'head' ? { ...honest, headers: { ...honest.headers, etag: '"other"' } } : undefined;
    };
    expect(await refused(put(randomBytes(17 * MB)))).to.match(/not what it was given/);
    s3.lie = lie('complete', () => ({ status: 200, body: errorXml('InternalError') }));
    expect(await refused(put(randomBytes(17 * MB)))).to.match(/InternalError/);
    expect(s3.uploads.size).to.equal(0);
  });

  it('whose answer to the completion is lost has completed it', async () => {
    s3.lie = lie('complete', () => ({ status: 200, ending: 'cut', headers: { 'content-length': '9' } }), 1);
    const content = randomBytes(17 * MB);
    await put(content);
    expect(s3.objects.get(`${OURS}a`)?.equals(content)).to.equal(true);
  });

  const RANGE = { sizeBytes: 1_000, range: { start: 100, end: 199 } };
  const READ: Readonly<Record<string, (honest: Told) => Told>> = {
    'the whole with 206': ({ headers }) => ({ status: 206, headers: headers ?? {}, body: Buffer.alloc(1_000) }),
    'the whole with 200': () => ({ status: 200, body: Buffer.alloc(1_000) }),
    'another part': (honest) => ({ ...honest, headers: { 'content-range': 'bytes 0-99/1000' } }),
    'a part of another object': (honest) => ({ ...honest, headers: { 'content-range': 'bytes 100-199/2000' } }),
    'no word of which part': (honest) => ({ ...honest, headers: {} }),
    'less than it promised': (honest) => ({
      ...honest,
      headers: { ...honest.headers, 'content-length': '100' },
      body: Buffer.alloc(50),
      ending: 'cut',
    }),
    'more than was asked for, without a length': (honest) => ({ ...honest, body: Buffer.alloc(64), ending: 'endless' }),
    'silence after the first bytes': (honest) => ({ ...honest, body: Buffer.alloc(50), ending: 'hang' }),
    'nothing at all': () => ({ status: 206, ending: 'hang' }),
    'an error': () => ({ status: 500, body: errorXml('InternalError') }),
  };
  for (const [what, how] of Object.entries(READ)) {
    it(`that answers a range with ${what} is not believed`, async () => {
      if (SILENT.includes(what)) objects = hastyIn(s3);
      s3.objects.set(`${OURS}a`, randomBytes(1_000));
      s3.lie = lie('get', how);
      await refused(read(RANGE));
    });
  }

  it('gives ranges and the whole', async () => {
    const content = randomBytes(1_000);
    s3.objects.set(`${OURS}a`, content);
    expect((await read(RANGE)).equals(content.subarray(100, 200))).to.equal(true);
    expect((await read({ sizeBytes: 1_000 })).equals(content)).to.equal(true);
    await refused(read({ sizeBytes: 999 }));
    await refused(read({ sizeBytes: 1_001 }));
    expect(await objects.sizeOf('job/1/none', signal)).to.equal(undefined);
    expect(await objects.readSmall('job/1/none', 9, signal)).to.equal(undefined);
    await refused(objects.readSmall('job/1/a', 999, signal));
  });

  it('whose bucket, or whose proxy, says 404 has not said that there is no such object', async () => {
    s3.lie = lie('get', () => ({ status: 404, body: errorXml('NoSuchBucket') }));
    await refused(objects.readSmall('job/1/a', 9, signal));
    s3.lie = lie('get', () => ({ status: 404, body: ERROR_PAGE }));
    await refused(objects.readSmall('job/1/a', 9, signal));
  });

  for (const [what, length] of [
    ['no size', ''],
    ['a size of words', 'many'],
    ['a size beyond all', '1'.repeat(30)],
  ] as const) {
    it(`that gives ${what} for an object is not believed`, async () => {
      s3.objects.set(`${OURS}a`, Buffer.from('a'));
      s3.lie = lie('head', ({ status }) => ({ status, headers: length === '' ? {} : { 'content-length': length } }));
      await refused(objects.sizeOf('job/1/a', signal));
    });
  }
});
