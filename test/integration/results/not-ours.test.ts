import { createHash, randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { expect } from 'chai';
import type { JobId } from '@capstan/shared/contract/ids';
import { BLOCK_BYTES, type Manifest } from '@capstan/shared/results/manifest';
import { PATIENCE, type Patience } from '@capstan/shared/results/objects';
import { createS3 } from '@capstan/shared/results/s3';
import { createResultsFolder as createReader } from '../../../services/gateway/src/results/folder.ts';
import { createLogStreams } from '../../../services/gateway/src/logs/log-streams.ts';
import { createRemoteResults as createRemoteReader } from '../../../services/gateway/src/results/remote.ts';
import { createResultsFolder as createWriter } from '../../../services/runner/src/results/folder.ts';
import { createRemoteResults as createRemoteWriter } from '../../../services/runner/src/results/remote.ts';
import type { Results as Writer } from '../../../services/runner/src/results/results.ts';
import { removeStaleDrafts } from '../../../services/runner/src/results/stale-drafts.ts';
import { temporaryFolder } from '../../../scripts/parts/temporary-folder.ts';
import { lie } from '../../support/results/asking-hostile-s3.ts';
import { HOSTILE_BUCKET, startHostileS3 } from '../../support/results/hostile-s3.ts';

const { signal } = new AbortController();
const jobId = 'ab'.repeat(16) as JobId;
const otherId = 'cd'.repeat(16) as JobId;

async function publish(writer: Writer, job: JobId, content: Buffer): Promise<Manifest> {
  async function* body(): AsyncGenerator<Buffer> {
    for (let from = 0; from < content.length; from += 1_000_000) {
      yield await Promise.resolve(content.subarray(from, from + 1_000_000));
    }
  }
  const draft = await writer.begin({ jobId: job, run: 1 }, signal);
  await draft.add({ filename: 'one', type: 'output' }, body());
  const times = { endedAt: Date.now(), expiresAt: Date.now() + 3_600_000 };
  return draft.publish({ v: 1, jobId: job, run: 1, attempt: 1, code: 70, termination: null, skipped: [], ...times });
}

const outcomeOf = async (work: Promise<unknown>) =>
  work.then(
    () => 'taken',
    (error: unknown) => String((error as { readonly code?: unknown }).code),
  );

async function remote(patience: Partial<Patience> = {}) {
  await using releases = new AsyncDisposableStack();
  const folder = releases.use(await temporaryFolder('results'));
  const s3 = releases.use(await startHostileS3());
  const key = { accessKeyId: 'id', secretAccessKey: 'key' };
  const objects = createS3(
    { endpoint: s3.endpoint, region: 'r', bucket: HOSTILE_BUCKET, prefix: 'capstan', ...key },
    { ...PATIENCE, againMs: 2, ...patience },
  );
  const kept = releases.move();
  return {
    s3,
    dir: folder.path,
    writer: createRemoteWriter({ objects, dir: folder.path, uploadRetries: 0 }),
    reader: createRemoteReader({ objects, dir: folder.path }),
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

describe('a store of results that has other bytes than were published', () => {
  it('gives a consumer neither the whole nor a part of them', async () => {
    await using place = await remote();
    const { s3, reader, writer } = place;
    const content = randomBytes(3 * BLOCK_BYTES + 1_000);
    const [file] = (await publish(writer, jobId, content)).files;
    expect(file?.blocks).to.have.length(4);
    const rangeOf = async (start: number, end: number) => {
      const opened = await reader.open({ jobId, run: 1 }, 0);
      return opened ? buffer(opened.read({ start, end })) : undefined;
    };
    const across = [BLOCK_BYTES - 10, 2 * BLOCK_BYTES + 9] as const;
    expect((await rangeOf(...across))?.equals(content.subarray(across[0], across[1] + 1))).to.equal(true);
    const last = content.length - 1;
    expect((await rangeOf(last, last))?.equals(content.subarray(last))).to.equal(true);

    const key = [...s3.objects.keys()].find((each) => !each.endsWith('manifest.json')) ?? '';
    const changed = Buffer.from(content);
    changed.writeUInt8((changed.readUInt8(BLOCK_BYTES) + 1) % 256, BLOCK_BYTES);
    s3.objects.set(key, changed);
    expect(await outcomeOf(rangeOf(BLOCK_BYTES + 100, BLOCK_BYTES + 199))).to.equal('RESULTS_UNAVAILABLE');
    expect((await rangeOf(0, 99))?.equals(content.subarray(0, 100))).to.equal(true);
    const whole = await reader.open({ jobId, run: 1 }, 0);
    expect(await outcomeOf(whole ? buffer(whole.read()) : Promise.resolve())).to.equal('RESULTS_UNAVAILABLE');
    const asData = await writer.open({ jobId, run: 1 }, 0, signal);
    expect(await outcomeOf(buffer(asData.body))).to.equal('RESULTS_UNAVAILABLE');
  });

  it('gives out in the words of this node that the store is silent', async () => {
    await using place = await remote({ silenceMs: 200 });
    await publish(place.writer, jobId, Buffer.from('one two three'));
    const opened = await place.reader.open({ jobId, run: 1 }, 0);
    place.s3.lie = lie('get', ({ status }) => ({ status, ending: 'hang' }));
    expect(await outcomeOf(opened ? buffer(opened.read()) : Promise.resolve())).to.equal('RESULTS_UNAVAILABLE');
    place.s3.lie = undefined;
  });

  it('and whose file fits into one block is found out as well', async () => {
    await using place = await remote();
    await publish(place.writer, jobId, Buffer.from('one two three'));
    for (const key of place.s3.objects.keys()) {
      if (!key.endsWith('manifest.json')) place.s3.objects.set(key, Buffer.from('one TWO three'));
    }
    const opened = await place.reader.open({ jobId, run: 1 }, 0);
    const range = { start: 4, end: 6 };
    expect(await outcomeOf(opened ? buffer(opened.read(range)) : Promise.resolve())).to.equal('RESULTS_UNAVAILABLE');
  });

  for (const [what, change] of [
    ['the manifest of another job', (text: string) => text.replaceAll(jobId, otherId)],
    ['the manifest of another run', (text: string) => text.replace('"run":1', '"run":2')],
    ['no manifest', () => '<html>'],
    ['a manifest in pieces', (text: string) => text.slice(0, 100)],
    ['a manifest without end', () => `"${'x'.repeat(40 * 1024 * 1024)}"`],
  ] as const) {
    it(`and ${what} in its place gives nothing`, async () => {
      await using place = await remote();
      await publish(place.writer, jobId, Buffer.from('one'));
      const key = `capstan/${jobId}/1/manifest.json`;
      place.s3.objects.set(key, Buffer.from(change(place.s3.objects.get(key)?.toString() ?? '')));
      expect(await outcomeOf(place.reader.open({ jobId, run: 1 }, 0))).to.equal('RESULTS_UNAVAILABLE');
      expect(await outcomeOf(place.writer.open({ jobId, run: 1 }, 0, signal))).to.equal('FETCH_INTERRUPTED');
    });
  }
});

describe('the folder of results, where others may write', () => {
  const SECRET = 'the key of the runner';

  async function scene() {
    const folder = await temporaryFolder('results');
    const dir = join(folder.path, 'results');
    await mkdir(dir);
    const secret = join(folder.path, 'node.key');
    await writeFile(secret, SECRET);
    const writer = createWriter(dir);
    await publish(writer, jobId, Buffer.from('one'));
    return {
      dir,
      secret,
      outside: folder.path,
      at: join(dir, jobId, '1'),
      writer,
      reader: createReader(dir),
      [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
    };
  }

  it('gives out what was published, and nothing that is not it', async () => {
    await using place = await scene();
    const read = async () => {
      const opened = await place.reader.open({ jobId, run: 1 }, 0);
      return opened && buffer(opened.read());
    };
    expect(String(await read())).to.equal('one');
    await writeFile(join(place.at, 'files', '0'), 'two');
    expect(await outcomeOf(read())).to.equal('RESULTS_UNAVAILABLE');
  });

  for (const [what, plant] of [
    [
      'a file',
      async ({ at, secret }: { at: string; secret: string }) => {
        await rm(join(at, 'files', '0'));
        await symlink(secret, join(at, 'files', '0'));
      },
    ],
    [
      'the folder of the files',
      async ({ at, secret }: { at: string; secret: string }) => {
        await rm(join(at, 'files'), { recursive: true });
        await mkdir(join(secret, '..', 'else'));
        await writeFile(join(secret, '..', 'else', '0'), SECRET);
        await symlink(join(secret, '..', 'else'), join(at, 'files'));
      },
    ],
    [
      'the folder of the job',
      async ({ at, secret }: { at: string; secret: string }) => {
        const moved = join(secret, '..', 'moved');
        await rename(join(at, '..'), moved);
        await symlink(moved, join(at, '..'));
      },
    ],
  ] as const) {
    it(`is read through no link in the place of ${what}, by neither side`, async () => {
      await using place = await scene();
      const sum = createHash('sha256').update(SECRET).digest('hex');
      const path = join(place.at, 'manifest.json');
      const manifest = JSON.parse(await readFile(path, 'utf8')) as Manifest;
      const files = manifest.files.map((file) => ({ ...file, filesize: SECRET.length, sha256: sum }));
      await writeFile(path, JSON.stringify({ ...manifest, files }));
      await plant(place);
      expect(await outcomeOf(place.reader.open({ jobId, run: 1 }, 0))).to.equal('RESULTS_UNAVAILABLE');
      expect(await outcomeOf(place.writer.open({ jobId, run: 1 }, 0, signal))).to.equal('FETCH_INTERRUPTED');
    });
  }

  it('holds no log that leads elsewhere', async () => {
    await using place = await scene();
    await mkdir(join(place.at, 'private'));
    await symlink(place.secret, join(place.at, 'private', 'log.streams'));
    const streams = createLogStreams(place.dir);
    expect(await outcomeOf(streams({ jobId, run: 1 }).next())).to.equal('RESULTS_UNAVAILABLE');
  });

  it('is not emptied, nor written into, behind a link', async () => {
    await using place = await scene();
    const elsewhere = join(place.outside, 'elsewhere');
    await mkdir(join(elsewhere, 'files'), { recursive: true });
    await writeFile(join(elsewhere, 'files', 'precious'), 'precious');
    await writeFile(join(elsewhere, '.1-0123456789ab'), 'precious');
    const manifest = await place.writer.read({ jobId, run: 1 });
    if (!manifest) expect.fail('no manifest');
    await rm(place.at, { recursive: true });
    await symlink(elsewhere, place.at);
    await symlink(elsewhere, join(place.dir, otherId));
    expect(await outcomeOf(place.writer.drop(manifest, { droppedAt: 1, signal }))).not.to.equal('taken');
    expect(await outcomeOf(place.writer.begin({ jobId: otherId, run: 1 }, signal))).not.to.equal('taken');
    const far = Date.now() + 86_400_000;
    expect(await removeStaleDrafts(place.dir, { isAtWork: () => false, now: far })).to.equal(0);
    expect((await readdir(elsewhere)).toSorted()).to.deep.equal(['.1-0123456789ab', 'files']);
    expect(await readdir(join(elsewhere, 'files'))).to.deep.equal(['precious']);
    await place.writer.remove(otherId, signal);
    expect(await readdir(join(elsewhere, 'files'))).to.deep.equal(['precious']);
  });

  it('remembers a run only by its own manifest', async () => {
    await using place = await scene();
    const path = join(place.at, 'manifest.json');
    await writeFile(path, (await readFile(path, 'utf8')).replaceAll(jobId, otherId));
    expect(await outcomeOf(place.writer.read({ jobId, run: 1 }))).not.to.equal('taken');
  });
});
