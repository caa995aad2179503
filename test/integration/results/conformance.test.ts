import { createHash, randomBytes } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { expect } from 'chai';
import type { JobId } from '@capstan/shared/contract/ids';
import type { Manifest } from '@capstan/shared/results/manifest';
import { createIpfs } from '@capstan/shared/results/ipfs';
import type { Objects } from '@capstan/shared/results/objects';
import { createS3 } from '@capstan/shared/results/s3';
import { createResultsFolder as createReader } from '../../../services/gateway/src/results/folder.ts';
import type { Results as Reader } from '../../../services/gateway/src/results/open.ts';
import { createRemoteResults as createRemoteReader } from '../../../services/gateway/src/results/remote.ts';
import { createResultsFolder as createWriter } from '../../../services/runner/src/results/folder.ts';
import { createRemoteResults as createRemoteWriter } from '../../../services/runner/src/results/remote.ts';
import type { Results as Writer } from '../../../services/runner/src/results/results.ts';
import { temporaryFolder } from '../../../scripts/parts/temporary-folder.ts';
import { startIpfs } from '../../support/results/ipfs.ts';
import { BUCKET, S3_KEY, startS3 } from '../../support/results/s3.ts';

const { signal } = new AbortController();
const jobId = 'cd'.repeat(16) as JobId;
const run = { jobId, run: 1 };
const outcome: Omit<Manifest, 'files'> = {
  v: 1,
  ...run,
  attempt: 1,
  code: 70,
  endedAt: Date.now(),
  expiresAt: Date.now() + 3_600_000,
  termination: null,
  skipped: [],
};

interface Place extends AsyncDisposable {
  readonly dir: string;
  readonly writer: Writer;
  readonly reader: Reader;
}

const remote = (dir: string, objects: Objects) => ({
  dir,
  writer: createRemoteWriter({ objects, dir, uploadRetries: 0 }),
  reader: createRemoteReader({ objects, dir }),
});

/** The places that there are; all of them keep the same promises. */
const PLACES: Readonly<Record<string, () => Promise<Place>>> = {
  async folder() {
    const folder = await temporaryFolder('results');
    const dir = folder.path;
    return {
      dir,
      writer: createWriter(dir),
      reader: createReader(dir),
      [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
    };
  },
  async s3() {
    await using releases = new AsyncDisposableStack();
    const folder = releases.use(await temporaryFolder('results'));
    const { endpoint } = releases.use(await startS3(join(folder.path, 's3')));
    const key = { accessKeyId: S3_KEY, secretAccessKey: S3_KEY };
    const objects = createS3({ endpoint, region: 'us-east-1', bucket: BUCKET, prefix: 'a/node', ...key });
    const kept = releases.move();
    return { ...remote(join(folder.path, 'kept'), objects), [Symbol.asyncDispose]: () => kept.disposeAsync() };
  },
  async ipfs() {
    await using releases = new AsyncDisposableStack();
    const folder = releases.use(await temporaryFolder('results'));
    const { apiUrl } = releases.use(await startIpfs());
    const kept = releases.move();
    const objects = createIpfs({ apiUrl, folder: '/capstan' });
    return { ...remote(join(folder.path, 'kept'), objects), [Symbol.asyncDispose]: () => kept.disposeAsync() };
  },
};

async function* pieces(content: Buffer, failing?: Error): AsyncGenerator<Buffer> {
  for (let from = 0; from < content.length; from += 60_000) {
    yield await Promise.resolve(content.subarray(from, from + 60_000));
  }
  if (failing) throw failing;
}

async function publish(writer: Writer, files: Readonly<Record<string, Buffer>>): Promise<Manifest> {
  const draft = await writer.begin(run, signal);
  for (const [filename, content] of Object.entries(files)) {
    await draft.add({ filename, type: 'output' }, pieces(content));
  }
  return draft.publish(outcome);
}

async function bytesOf(
  reader: Reader,
  index: number,
  range?: { start: number; end: number },
): Promise<Buffer | undefined> {
  const opened = await reader.open(run, index);
  return opened && buffer(opened.read(range));
}

for (const [name, open] of Object.entries(PLACES)) {
  describe(`results kept in ${name === 'folder' ? 'a folder' : name}`, () => {
    let place: Place;
    beforeEach(async () => {
      place = await open();
    });
    afterEach(() => place[Symbol.asyncDispose]());

    it('are there once their manifest is, in the order of their names, and can be read whole and in part', async () => {
      const [small, large] = [Buffer.from('small'), randomBytes(300_000)];
      const draft = await place.writer.begin(run, signal);
      await draft.add({ filename: 'z', type: 'output' }, pieces(large));
      await draft.add({ filename: 'algorithm.log', type: 'algorithmLog' }, pieces(Buffer.from('log')));
      await draft.add({ filename: 'a/ü b', type: 'output' }, pieces(small));
      expect(await place.reader.open(run, 0)).to.equal(undefined);
      expect(await place.writer.read(run)).to.equal(undefined);
      const manifest = await draft.publish(outcome);
      expect(manifest.files.map(({ filename }) => filename)).to.deep.equal(['a/ü b', 'z', 'algorithm.log']);
      expect(await place.writer.read(run)).to.deep.equal(manifest);
      expect(await bytesOf(place.reader, 0)).to.deep.equal(small);
      expect((await bytesOf(place.reader, 1))?.equals(large)).to.equal(true);
      const part = await bytesOf(place.reader, 1, { start: 1_000, end: 270_000 });
      expect(part?.equals(large.subarray(1_000, 270_001))).to.equal(true);
      expect(await place.reader.open(run, 3)).to.equal(undefined);
      const hash = createHash('sha256').update(large).digest('hex');
      const opened = await place.reader.open(run, 1);
      expect(opened?.file).to.include({ filesize: 300_000, sha256: hash });
      await opened?.close();
    });

    it('can be empty files', async () => {
      await publish(place.writer, { empty: Buffer.alloc(0) });
      expect(await bytesOf(place.reader, 0)).to.deep.equal(Buffer.alloc(0));
    });

    it('begin afresh after a try that failed half-way', async () => {
      const draft = await place.writer.begin(run, signal);
      await draft.add({ filename: 'left', type: 'output' }, pieces(Buffer.from('over')));
      const failed = draft.add({ filename: 'broken', type: 'output' }, pieces(randomBytes(100_000), new Error('gone')));
      expect(await failed.then(() => 'added', String)).to.match(/gone|RESULTS/);
      await publish(place.writer, { one: Buffer.from('one') });
      expect(await bytesOf(place.reader, 0)).to.deep.equal(Buffer.from('one'));
      expect(await place.reader.open(run, 1)).to.equal(undefined);
    });

    it('of an ending without any are a manifest that this runner keeps', async () => {
      const manifest = await publish(place.writer, {});
      expect(await place.writer.read(run)).to.deep.equal(manifest);
      expect(await place.reader.open(run, 0)).to.equal(undefined);
    });

    it('have a part for the operator, that no index reaches', async () => {
      const draft = await place.writer.begin(run, signal);
      await draft.addPrivate('filter.log', pieces(Buffer.from('for you alone')));
      await draft.publish(outcome);
      expect(await readFile(join(place.dir, jobId, '1', 'private', 'filter.log'), 'utf8')).to.equal('for you alone');
      expect(await place.reader.open(run, 0)).to.equal(undefined);
    });

    it('leave nothing but how the run ended when they are dropped', async () => {
      const draft = await place.writer.begin(run, signal);
      await draft.add({ filename: 'one', type: 'output' }, pieces(Buffer.from('one')));
      await draft.addPrivate('filter.log', pieces(Buffer.from('for you alone')));
      const manifest = await draft.publish(outcome);
      const listed = [];
      for await (const each of place.writer.list()) listed.push(each);
      expect(listed).to.deep.equal([run]);
      await place.writer.drop(manifest, { droppedAt: 5, signal });
      expect(await place.reader.open(run, 0)).to.equal(undefined);
      expect(await place.writer.read(run)).to.deep.equal({ ...manifest, files: [], droppedAt: 5 });
      expect(await readdir(join(place.dir, jobId, '1'))).to.deep.equal(['manifest.json']);
      await place.writer.forget(run);
      expect(await readdir(place.dir)).to.deep.equal([]);
    });

    for (const who of ['writer', 'reader'] as const) {
      it(`are gone without a trace when the ${who} removes them, and removing may be repeated`, async () => {
        await publish(place.writer, { one: Buffer.from('one') });
        const draft = await place.writer.begin({ jobId, run: 2 }, signal);
        await draft.add({ filename: 'left', type: 'output' }, pieces(Buffer.from('over')));
        await place[who].remove(jobId, signal);
        await place[who].remove(jobId, signal);
        expect(await place.reader.open(run, 0)).to.equal(undefined);
        expect(await place.writer.read(run)).to.equal(undefined);
        expect(await readdir(place.dir)).to.deep.equal([]);
      });
    }
  });
}
