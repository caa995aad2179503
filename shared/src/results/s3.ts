/**
 * Objects in an S3-compatible store: large ones in parts, so that one part is all that is in memory. Nothing is taken for stored because
 * the store says so: its ETag is the MD5 of what was sent, or the object is read again.
 */
import { createHash, type Hash } from 'node:crypto';
import { MIB } from '../contract/sizes.ts';
import { createSilence, exactly, insist, judged, longestMs, requirePlain, told } from './answers.ts';
import { PATIENCE, unavailable, type Objects, type Patience, type Wanted } from './objects.ts';
import { createS3Requests, type Answer, type S3Options } from './s3-requests.ts';
import { keysIn, requireCompleted, uploadIdIn, uploadsIn } from './s3-xml.ts';
import { untilGone } from './until-gone.ts';

export type { S3Options } from './s3-requests.ts';

const FIRST_PARTS_BYTES = 16 * MIB;
/** A store takes 10,000 parts: they grow, so that an object may have 880 GB. */
const PARTS_OF_ONE_SIZE = 1_000;

/** Whether it was is seen by listing again. */
const DELETED = [204, 200, 404];

/** What was sent, to compare with what is there. */
interface Sent {
  readonly sizeBytes: number;
  readonly sha256: string;
  /** What an honest store that hashes with MD5 says; undefined where it said otherwise of a part. */
  readonly etag: string | undefined;
}

export function createS3(options: S3Options, patience: Patience = PATIENCE): Objects {
  const { ask, open } = createS3Requests(options, patience);
  const keyOf = (name: string) => `${options.prefix}/${name}`;

  const readAll = async (key: string, { sizeBytes, range }: Wanted, signal: AbortSignal) => {
    const isPart = range !== undefined && (range.start > 0 || range.end < sizeBytes - 1);
    const bytes = isPart ? range.end - range.start + 1 : sizeBytes;
    const silence = createSilence(patience.silenceMs, longestMs(bytes, patience));
    const either = AbortSignal.any([signal, silence.signal]);
    silence.listen();
    const headers = isPart ? { range: `bytes=${range.start}-${range.end}` } : {};
    try {
      // A store that stays silent is as good as away, and no end of the caller's.
      const asked = () => open({ method: 'GET', key, headers, expects: [isPart ? 206 : 200] }, either);
      const response = await told(asked, signal);
      await judged(response, () => {
        requirePlain(response.headers);
        requireLength(response.headers, bytes);
        const promised = `bytes ${range?.start}-${range?.end}/${sizeBytes}`;
        if (isPart && response.headers.get('content-range') !== promised) throw unavailable('it gave another part');
      });
      return exactly(response.body ?? empty(), bytes, { silence, signal });
    } finally {
      silence.rest();
    }
  };

  const head = async (key: string, signal: AbortSignal) => {
    const asked = () => ask({ method: 'HEAD', key, expects: [200, 404] }, signal);
    const { status, headers } = await insist(asked, signal, patience);
    if (status === 404) return undefined;
    const length = headers.get('content-length') ?? '';
    if (!/^\d{1,15}$/.test(length)) throw unavailable('it gave no size for an object');
    return { sizeBytes: Number(length), etag: headers.get('etag') };
  };

  const prove = async (key: string, { sizeBytes, sha256, etag }: Sent, signal: AbortSignal) => {
    const there = await head(key, signal);
    if (there?.sizeBytes !== sizeBytes) throw unavailable('what it said it stored is not there');
    if (etag !== undefined && there.etag !== null && plain(there.etag) === etag) return;
    // Where it encrypts with a key of its own, and in some stores always, an ETag says nothing.
    const hash = createHash('sha256');
    for await (const piece of await readAll(key, { sizeBytes }, signal)) hash.update(piece);
    if (hash.digest('hex') !== sha256) throw unavailable('what it stored is not what it was given');
  };

  const putWhole = async (key: string, body: Buffer, signal: AbortSignal) => {
    const sent = () => ask({ method: 'PUT', key, body, expects: [200] }, signal, patience.partMs);
    const etag = etagOf(await insist(sent, signal, patience));
    if (plain(etag) === md5(body)) return;
    const sha256 = createHash('sha256').update(body).digest('hex');
    await prove(key, { sizeBytes: body.length, sha256, etag: md5(body) }, signal);
  };

  const putInParts = async (key: string, parts: AsyncIterable<Buffer>, signal: AbortSignal) => {
    const begin = () => ask({ method: 'POST', key, query: { uploads: '' }, expects: [200] }, signal);
    const uploadId = uploadIdIn(textOf(await insist(begin, signal, patience)));
    try {
      const sent = createSent();
      for await (const body of parts) {
        const query = { partNumber: String(sent.tags.length + 1), uploadId };
        const send = () => ask({ method: 'PUT', key, query, body, expects: [200] }, signal, patience.partMs);
        sent.add(body, etagOf(await insist(send, signal, patience)));
      }
      await complete(key, { uploadId, tags: sent.tags }, signal);
      await prove(key, sent.all(), signal);
    } catch (error) {
      // What failed counts, not whether this gets through: the next try looks for what is left.
      await abort(key, uploadId, AbortSignal.timeout(patience.askMs)).catch(() => undefined);
      throw error;
    }
  };

  const complete = async (
    key: string,
    { uploadId, tags }: { readonly uploadId: string; readonly tags: readonly string[] },
    signal: AbortSignal,
  ) => {
    const listed = tags.map((tag, index) => `<Part><PartNumber>${index + 1}</PartNumber><ETag>${tag}</ETag></Part>`);
    const body = Buffer.from(`<CompleteMultipartUpload>${listed.join('')}</CompleteMultipartUpload>`);
    let tries = 0;
    const once = async () => {
      tries += 1;
      const request = { method: 'POST', key, query: { uploadId }, body, expects: [200] } as const;
      const answer = await ask({ ...request, accepts: ['NoSuchUpload'] }, signal, patience.partMs);
      // The answer to an earlier try may be what was lost: whoever proves what is there finds out.
      if (answer.code !== undefined && tries > 1) return;
      requireCompleted(textOf(answer), key);
    };
    await insist(once, signal, patience);
  };

  const abort = async (key: string, uploadId: string, signal: AbortSignal) => {
    const request = { method: 'DELETE', key, query: { uploadId }, expects: DELETED } as const;
    await insist(() => ask(request, signal), signal, patience);
  };

  const remove = async (key: string, signal: AbortSignal) => {
    await insist(() => ask({ method: 'DELETE', key, expects: DELETED }, signal), signal, patience);
  };

  const listKeys = (folder: string, signal: AbortSignal) =>
    insist(
      async () => {
        const query = { 'list-type': '2', prefix: folder };
        return keysIn(textOf(await ask({ method: 'GET', query, expects: [200] }, signal)), folder);
      },
      signal,
      patience,
    );

  const listUploads = (folder: string, signal: AbortSignal) =>
    insist(
      async () => {
        const request = { method: 'GET', query: { uploads: '', prefix: folder }, expects: [200] } as const;
        // A store that can't tell them forgets them by itself, or by a rule of its operator.
        const answer = await ask({ ...request, accepts: ['NotImplemented'] }, signal);
        return answer.code === undefined ? uploadsIn(textOf(answer), folder) : [];
      },
      signal,
      patience,
    );

  return {
    async put(name, body, signal) {
      const parts = partsOf(body)[Symbol.asyncIterator]();
      const first = await parts.next();
      const content = first.done === true ? Buffer.alloc(0) : first.value;
      const second = await parts.next();
      if (second.done === true) await putWhole(keyOf(name), content, signal);
      else await putInParts(keyOf(name), following([content, second.value], parts), signal);
    },
    async readSmall(name, maxBytes, signal) {
      const request = { method: 'GET', key: keyOf(name), expects: [200], accepts: ['NoSuchKey'], maxBytes } as const;
      const { code, headers, body } = await insist(() => ask(request, signal), signal, patience);
      if (code !== undefined) return undefined;
      requireLength(headers, body.length);
      return body;
    },
    sizeOf: async (name, signal) => (await head(keyOf(name), signal))?.sizeBytes,
    read: (name, wanted, signal) =>
      wanted.sizeBytes === 0 ? Promise.resolve(empty()) : readAll(keyOf(name), wanted, signal),
    async removeFolder(name, signal) {
      const folder = `${keyOf(name)}/`;
      const { againMs } = patience;
      await untilGone({
        list: () => listKeys(folder, signal),
        idOf: (key) => key,
        remove: (key) => remove(key, signal),
        againMs,
        signal,
      });
      await untilGone({
        list: () => listUploads(folder, signal),
        idOf: ({ uploadId }) => uploadId,
        remove: ({ key, uploadId }) => abort(key, uploadId, signal),
        againMs,
        signal,
      });
    },
  };
}

const textOf = ({ body }: Answer) => body.toString('utf8');
const md5 = (content: Buffer) => createHash('md5').update(content).digest('hex');
const plain = (etag: string) => etag.replace(/^"|"$/g, '');

/** As it has to be said again when the parts are put together. */
function etagOf({ headers }: Answer): string {
  const etag = headers.get('etag') ?? '';
  if (!/^"?[A-Za-z0-9+/=_.:-]{1,256}"?$/.test(etag)) throw unavailable('it gave no ETag for what it stored');
  return etag;
}

function requireLength(headers: Headers, bytes: number): void {
  const length = headers.get('content-length');
  if (length !== null && length !== String(bytes)) throw unavailable('it answered with another length');
}

function createSent() {
  const tags: string[] = [];
  const sums: Hash = createHash('md5');
  const hash = createHash('sha256');
  let sizeBytes = 0;
  let isTold = true;
  return {
    tags,
    add(body: Buffer, tag: string): void {
      const sum = createHash('md5').update(body).digest();
      sums.update(sum);
      hash.update(body);
      sizeBytes += body.length;
      isTold &&= plain(tag) === sum.toString('hex');
      tags.push(tag);
    },
    all: (): Sent => ({
      sizeBytes,
      sha256: hash.digest('hex'),
      etag: isTold ? `${sums.digest('hex')}-${tags.length}` : undefined,
    }),
  };
}

async function* empty(): AsyncGenerator<Buffer> {
  // Nothing.
}

async function* partsOf(body: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let held: Buffer[] = [];
  let bytes = 0;
  let count = 0;
  for await (const piece of body) {
    held.push(piece);
    bytes += piece.length;
    if (bytes < FIRST_PARTS_BYTES * (1 + Math.floor(count / PARTS_OF_ONE_SIZE))) continue;
    yield Buffer.concat(held);
    count += 1;
    held = [];
    bytes = 0;
  }
  if (bytes > 0) yield Buffer.concat(held);
}

async function* following(first: readonly Buffer[], rest: AsyncIterator<Buffer>): AsyncGenerator<Buffer> {
  yield* first;
  for (let next = await rest.next(); next.done !== true; next = await rest.next()) yield next.value;
}
