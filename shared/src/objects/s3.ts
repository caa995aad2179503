/** Objects in an S3-compatible store: large ones in parts, so that one part is all that is in memory; requests are signed (version 4). */
import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { AwsV4Signer } from 'aws4fetch';
import { retry } from '../retry.ts';
import { ASK_MS, unavailable, untold, type Objects } from './objects.ts';

export interface S3Options {
  readonly endpoint: string;
  readonly region: string;
  readonly bucket: string;
  readonly prefix: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

interface Request {
  readonly method: 'GET' | 'HEAD' | 'PUT' | 'POST' | 'DELETE';
  /** Without: the bucket itself. */
  readonly key?: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Buffer;
  /** Statuses that are answers, beside 2xx. */
  readonly accepts?: readonly number[];
}

const MB = 1024 * 1024;
const FIRST_PARTS_BYTES = 16 * MB;
/** A store takes 10,000 parts: they grow, so that an object may have 880 GB. */
const PARTS_OF_ONE_SIZE = 1_000;
/** For a part on its way, also over a slow line. */
const PART_MS = 600_000;
const RETRIES = 3;
const REMOVALS_AT_ONCE = 8;

export function createS3(options: S3Options): Objects {
  const { endpoint, region, bucket, prefix, accessKeyId, secretAccessKey } = options;
  const root = `${endpoint.replace(/\/+$/, '')}/${bucket}`;
  const keyOf = (name: string) => `${prefix}/${name}`;

  const send = async ({ method, key, query = {}, headers = {}, body, accepts = [] }: Request, signal: AbortSignal) => {
    const search = new URLSearchParams(query).toString();
    const url = `${root}${key === undefined ? '' : `/${key}`}${search === '' ? '' : `?${search}`}`;
    const signer = new AwsV4Signer({
      method,
      url,
      headers: {
        ...headers,
        // A store that checks it notices what was changed on the way.
        'x-amz-content-sha256': createHash('sha256')
          .update(body ?? '')
          .digest('hex'),
      },
      accessKeyId,
      secretAccessKey,
      region,
      service: 's3',
    });
    const signed = await signer.sign();
    // Followed nowhere: the signature is for this store alone.
    const init = { method, headers: signed.headers, body: body ?? null, redirect: 'manual', signal } as const;
    const response = await fetch(signed.url, init).catch((error: unknown) => {
      signal.throwIfAborted();
      throw untold(error);
    });
    if (response.ok || accepts.includes(response.status)) return response;
    throw unavailable(await problemOf(response));
  };

  const ask = async (request: Request, signal: AbortSignal, limitMs = ASK_MS) => {
    const response = await send(request, AbortSignal.any([signal, AbortSignal.timeout(limitMs)])).catch(
      (error: unknown) => {
        signal.throwIfAborted();
        throw untold(error);
      },
    );
    return { status: response.status, headers: response.headers, text: await response.text() };
  };

  const sendPart = (request: Request, signal: AbortSignal) =>
    retry(() => ask(request, signal, PART_MS), { signal, retries: RETRIES, minDelayMs: 200 });

  const putInParts = async (key: string, parts: AsyncIterable<Buffer>, signal: AbortSignal) => {
    const begun = await ask({ method: 'POST', key, query: { uploads: '' } }, signal);
    const uploadId = valueOf(begun.text, 'UploadId');
    if (uploadId === undefined) throw unavailable('it began an upload and gave it no id');
    try {
      const tags: string[] = [];
      for await (const body of parts) {
        const query = { partNumber: String(tags.length + 1), uploadId };
        const { headers } = await sendPart({ method: 'PUT', key, query, body }, signal);
        tags.push(headers.get('etag') ?? '');
      }
      const listed = tags.map((tag, index) => `<Part><PartNumber>${index + 1}</PartNumber><ETag>${tag}</ETag></Part>`);
      const body = Buffer.from(`<CompleteMultipartUpload>${listed.join('')}</CompleteMultipartUpload>`);
      const done = await ask({ method: 'POST', key, query: { uploadId }, body }, signal, PART_MS);
      // A store that needs long to put them together says 200 first, and what went wrong later.
      if (done.text.includes('<Error>')) throw unavailable(`it answered ${valueOf(done.text, 'Code') ?? 'an error'}`);
    } catch (error) {
      // What failed counts, not whether this gets through: the next try looks for what is left.
      const aborting = AbortSignal.timeout(ASK_MS);
      await ask({ method: 'DELETE', key, query: { uploadId }, accepts: [404] }, aborting).catch(() => undefined);
      throw error;
    }
  };

  const remove = (key: string, signal: AbortSignal) =>
    retry(() => ask({ method: 'DELETE', key, accepts: [404] }, signal), { signal, retries: RETRIES, minDelayMs: 200 });

  return {
    async put(name, body, signal) {
      const parts = partsOf(body)[Symbol.asyncIterator]();
      const first = await parts.next();
      const content = first.done === true ? Buffer.alloc(0) : first.value;
      const second = await parts.next();
      if (second.done === true) await sendPart({ method: 'PUT', key: keyOf(name), body: content }, signal);
      else await putInParts(keyOf(name), following([content, second.value], parts), signal);
    },
    async sizeOf(name, signal) {
      const { status, headers } = await ask({ method: 'HEAD', key: keyOf(name), accepts: [404] }, signal);
      return status === 404 ? undefined : Number(headers.get('content-length'));
    },
    async read(name, range, signal) {
      const asked = range ? { range: `bytes=${range.start}-${range.end}` } : {};
      const headers = { ...asked, 'accept-encoding': 'identity' };
      const { body } = await send({ method: 'GET', key: keyOf(name), headers }, signal);
      return body ? Readable.fromWeb(body) : Readable.from([]);
    },
    async removeFolder(name, signal) {
      const folder = `${keyOf(name)}/`;
      for (;;) {
        const { text } = await ask({ method: 'GET', query: { 'list-type': '2', prefix: folder } }, signal);
        const keys = valuesOf(text, 'Key');
        if (keys.length === 0) break;
        for (let from = 0; from < keys.length; from += REMOVALS_AT_ONCE) {
          await Promise.all(keys.slice(from, from + REMOVALS_AT_ONCE).map((key) => remove(key, signal)));
        }
      }
      // 501: a store that can't tell them forgets them by itself, or by a rule of its operator.
      const listing = { method: 'GET', query: { uploads: '', prefix: folder }, accepts: [501] } as const;
      const { text } = await ask(listing, signal);
      for (const [, upload = ''] of text.matchAll(/<Upload>(.*?)<\/Upload>/gs)) {
        const [key, uploadId] = [valueOf(upload, 'Key'), valueOf(upload, 'UploadId')];
        if (key === undefined || uploadId === undefined || !key.startsWith(folder)) continue;
        await ask({ method: 'DELETE', key, query: { uploadId }, accepts: [404] }, signal);
      }
    },
  };
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

/** Of the store's own XML: plain elements without attributes. Our names need no escaping, and an id that did would only not be found. */
function valuesOf(xml: string, tag: string): readonly string[] {
  return [...xml.matchAll(new RegExp(`<${tag}>([^<]*)</${tag}>`, 'g'))].map(([, value = '']) => unescaped(value));
}

const valueOf = (xml: string, tag: string) => valuesOf(xml, tag)[0];

const unescaped = (text: string) =>
  text.replaceAll('&quot;', '"').replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');

async function problemOf(response: Response): Promise<string> {
  const code = valueOf(await response.text(), 'Code');
  return `it answered ${response.status}${code === undefined ? '' : ` (${code})`}`;
}
