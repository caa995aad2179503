/**
 * An S3 store of our own that keeps what it is given, in memory, and then answers as a test wants it to: an honest answer of each
 * operation goes through `lie` first. It checks no signature; `s3rver` does.
 */
import { createHash, randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { serve, type Told } from './hostile-server.ts';

export type Operation =
  | 'put'
  | 'get'
  | 'head'
  | 'delete'
  | 'list'
  | 'begin'
  | 'part'
  | 'complete'
  | 'abort'
  | 'listUploads';

export interface Asked {
  readonly operation: Operation;
  readonly key: string;
  readonly headers: IncomingMessage['headers'];
  /** How often this operation was asked for, this time included. */
  readonly count: number;
}

/** What is told; `undo` before it leaves everything as it was. */
export type Lie = (asked: Asked, honest: Told) => Told | undefined;

export interface HostileS3 extends AsyncDisposable {
  readonly endpoint: string;
  readonly objects: Map<string, Buffer>;
  /** Ids of uploads that nobody finished, with their keys. */
  readonly uploads: Map<string, string>;
  /** Operations in the order in which they came. */
  readonly asked: Operation[];
  /** Operations that are answered and not done. */
  readonly undone: Set<Operation>;
  lie: Lie | undefined;
}

export const HOSTILE_BUCKET = 'bucket';

export async function startHostileS3(): Promise<HostileS3> {
  const objects = new Map<string, Buffer>();
  const uploads = new Map<string, string>();
  const parts = new Map<string, Map<number, Buffer>>();
  const asked: Operation[] = [];
  const undone = new Set<Operation>();

  const answer = async (request: IncomingMessage) => {
    const url = new URL(request.url ?? '', 'http://s3');
    const key = decodeURIComponent(url.pathname.slice(`/${HOSTILE_BUCKET}/`.length));
    const operation = operationOf(request.method ?? '', url.searchParams);
    asked.push(operation);
    const body = await buffer(request);
    const world = undone.has(operation)
      ? { objects: new Map(objects), uploads: new Map(uploads), parts: new Map(parts) }
      : { objects, uploads, parts };
    const honest = act({ operation, key, query: url.searchParams, range: request.headers.range, body }, world);
    const count = asked.filter((each) => each === operation).length;
    return store.lie?.({ operation, key, headers: request.headers, count }, honest) ?? honest;
  };

  const server = await serve(answer);
  const store: HostileS3 = {
    endpoint: server.url,
    objects,
    uploads,
    asked,
    undone,
    lie: undefined,
    [Symbol.asyncDispose]: server[Symbol.asyncDispose],
  };
  return store;
}

function operationOf(method: string, query: URLSearchParams): Operation {
  const isUpload = query.has('uploadId');
  if (query.has('uploads')) return method === 'POST' ? 'begin' : 'listUploads';
  if (query.has('list-type')) return 'list';
  if (method === 'PUT') return isUpload ? 'part' : 'put';
  if (method === 'DELETE') return isUpload ? 'abort' : 'delete';
  if (method === 'POST') return 'complete';
  return method === 'HEAD' ? 'head' : 'get';
}

interface World {
  readonly objects: Map<string, Buffer>;
  readonly uploads: Map<string, string>;
  readonly parts: Map<string, Map<number, Buffer>>;
}

interface Act {
  readonly operation: Operation;
  readonly key: string;
  readonly query: URLSearchParams;
  readonly range: string | undefined;
  readonly body: Buffer;
}

const quoted = (etag: string) => ({ etag: `"${etag}"` });
const md5 = (content: Buffer) => createHash('md5').update(content).digest('hex');
export const errorXml = (code: string) =>
  `<?xml version="1.0"?><Error><Code>${code}</Code><Message>no</Message></Error>`;
const refusal = (code: string): Told => ({ status: 404, body: errorXml(code) });
const ns = 'xmlns="http://s3.amazonaws.com/doc/2006-03-01/"';

function act({ operation, key, query, range, body }: Act, { objects, uploads, parts }: World): Told {
  const uploadId = query.get('uploadId') ?? '';
  const prefix = query.get('prefix') ?? '';
  switch (operation) {
    case 'put':
      objects.set(key, body);
      return { status: 200, headers: quoted(md5(body)) };
    case 'head':
    case 'get': {
      const content = objects.get(key);
      if (!content) return refusal('NoSuchKey');
      const length = { 'content-length': String(content.length) };
      if (operation === 'head') return { status: 200, headers: { ...length, ...quoted(etagOf(content, parts, key)) } };
      const [, from, to] = /^bytes=(\d+)-(\d+)$/.exec(range ?? '') ?? [];
      if (from === undefined || to === undefined) return { status: 200, body: content };
      const part = content.subarray(Number(from), Number(to) + 1);
      return { status: 206, headers: { 'content-range': `bytes ${from}-${to}/${content.length}` }, body: part };
    }
    case 'delete':
      objects.delete(key);
      return { status: 204 };
    case 'list': {
      const keys = [...objects.keys()].filter((each) => each.startsWith(prefix)).slice(0, 1_000);
      return { status: 200, body: listXml(keys) };
    }
    case 'begin': {
      const id = randomBytes(8).toString('hex');
      uploads.set(id, key);
      parts.set(id, new Map());
      return {
        status: 200,
        body: `<InitiateMultipartUploadResult ${ns}><UploadId>${id}</UploadId></InitiateMultipartUploadResult>`,
      };
    }
    case 'part':
      if (!uploads.has(uploadId)) return refusal('NoSuchUpload');
      parts.get(uploadId)?.set(Number(query.get('partNumber')), body);
      return { status: 200, headers: quoted(md5(body)) };
    case 'complete': {
      if (!uploads.has(uploadId)) return refusal('NoSuchUpload');
      const pieces = [...(parts.get(uploadId) ?? [])]
        .toSorted(([one], [other]) => one - other)
        .map(([, piece]) => piece);
      objects.set(key, Buffer.concat(pieces));
      uploads.delete(uploadId);
      parts.set(key, new Map(pieces.map((piece, index) => [index, piece])));
      return {
        status: 200,
        body: `<CompleteMultipartUploadResult ${ns}><Key>${key}</Key></CompleteMultipartUploadResult>`,
      };
    }
    case 'abort':
      uploads.delete(uploadId);
      return { status: 204 };
    case 'listUploads':
      return { status: 200, body: uploadsXml([...uploads].filter(([, each]) => each.startsWith(prefix))) };
  }
}

function etagOf(content: Buffer, parts: World['parts'], key: string): string {
  const pieces = parts.get(key);
  if (!pieces) return md5(content);
  const sums = [...pieces.values()].map((piece) => createHash('md5').update(piece).digest());
  return `${md5(Buffer.concat(sums))}-${sums.length}`;
}

export const listXml = (keys: readonly string[]) =>
  `<?xml version="1.0" encoding="UTF-8"?><ListBucketResult ${ns}><IsTruncated>false</IsTruncated>${keys
    .map((key) => `<Contents><Key>${key}</Key><Size>1</Size></Contents>`)
    .join('')}</ListBucketResult>`;

export const uploadsXml = (uploads: readonly (readonly [id: string, key: string])[]) =>
  `<ListMultipartUploadsResult ${ns}><IsTruncated>false</IsTruncated>${uploads
    .map(([id, key]) => `<Upload><Key>${key}</Key><UploadId>${id}</UploadId></Upload>`)
    .join('')}</ListMultipartUploadsResult>`;
