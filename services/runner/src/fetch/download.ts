/** A file from an HTTP server: redirects by hand, limits on time and size, errors without the address in them. */
import type { Readable, Transform } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import { request, type Dispatcher } from 'undici';
import type { AssetFile } from '@capstan/shared/contract/ddo';
import { CapstanError, systemCode } from '@capstan/shared/errors';
import type { Content } from './content.ts';

export type UrlFile = Extract<AssetFile, { type: 'url' }>;
/** Parameters of the consumer: query of a GET, body of a POST. */
export type UserData = Readonly<Record<string, unknown>>;

interface Hop {
  readonly url: URL;
  readonly method: 'GET' | 'POST';
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
}

const MAX_REDIRECTS = 5;
const REDIRECTS = new Set([301, 302, 303, 307, 308]);
/** Answers that another try may change. */
const PASSING = new Set([408, 425, 429, 500, 502, 503, 504]);

const DECODERS: Readonly<Record<string, () => Transform>> = {
  gzip: createGunzip,
  'x-gzip': createGunzip,
  deflate: createInflate,
  br: createBrotliDecompress,
};

const failed = (text: string, cause?: unknown) => new CapstanError('FETCH_FAILED', text, { cause });
const interrupted = (text: string, cause?: unknown) => new CapstanError('FETCH_INTERRUPTED', text, { cause });

/** Throws FETCH_FAILED for what stays as it is, FETCH_INTERRUPTED for what may pass. */
export async function download(
  file: UrlFile,
  { userdata, dispatcher, signal }: { userdata: UserData; dispatcher: Dispatcher; signal: AbortSignal },
): Promise<Content> {
  let hop = firstHop(file, userdata);
  for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects++) {
    const answer = await ask(hop, dispatcher, signal);
    if (!REDIRECTS.has(answer.statusCode)) return contentOf(answer);
    answer.body.on('error', () => undefined).destroy();
    hop = nextHop(hop, answer);
  }
  throw failed(`its server redirects more than ${MAX_REDIRECTS} times`);
}

/** Whatever went wrong on the way, in our words. */
export function translateError(error: unknown): CapstanError {
  if (error instanceof CapstanError) return error;
  if (error instanceof Error && error.cause instanceof CapstanError) return error.cause;
  if (error instanceof Error && error.name === 'TimeoutError') return failed('it took too long', error);
  switch (systemCode(error)) {
    case 'ENOSPC':
      return failed('this node has no disk space left for it', error);
    case 'ENOTFOUND':
      return failed('its server is not known (DNS)', error);
    case 'EAI_AGAIN':
      return interrupted('its server could not be looked up (DNS)', error);
    case 'ECONNREFUSED':
      return interrupted('its server refuses connections', error);
    case 'UND_ERR_CONNECT_TIMEOUT':
    case 'UND_ERR_HEADERS_TIMEOUT':
    case 'UND_ERR_BODY_TIMEOUT':
      return interrupted('its server did not answer in time', error);
    default:
      return interrupted('the connection to its server broke', error);
  }
}

function firstHop({ url: text, method = 'GET', headers = {} }: UrlFile, userdata: UserData): Hop {
  const url = parseUrl(text);
  const verb = method.toUpperCase();
  if (verb !== 'GET' && verb !== 'POST') throw failed(`its method ${verb} is neither GET nor POST`);
  const allHeaders: Record<string, string> = { ...headers };
  if (url.username || url.password) {
    const credentials = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
    allHeaders['authorization'] = `Basic ${Buffer.from(credentials).toString('base64')}`;
    url.username = '';
    url.password = '';
  }
  if (verb === 'GET') {
    for (const [name, value] of Object.entries(userdata)) {
      url.searchParams.set(name, typeof value === 'string' ? value : JSON.stringify(value));
    }
    return { url, method: verb, headers: allHeaders, body: undefined };
  }
  return {
    url,
    method: verb,
    headers: { 'content-type': 'application/json', ...allHeaders },
    body: JSON.stringify(userdata),
  };
}

function nextHop(hop: Hop, answer: Dispatcher.ResponseData): Hop {
  const location = answer.headers['location'];
  if (typeof location !== 'string') throw failed('its server redirects to nowhere');
  const url = parseUrl(location, hop.url);
  // What was meant for one server is not shown to another.
  const isSameOrigin = url.origin === hop.url.origin;
  if (answer.statusCode === 307 || answer.statusCode === 308) {
    if (hop.body !== undefined && !isSameOrigin) throw failed('its server redirects a POST to another server');
    return { ...hop, url, headers: isSameOrigin ? hop.headers : {} };
  }
  return { url, method: 'GET', headers: isSameOrigin ? hop.headers : {}, body: undefined };
}

function parseUrl(text: string, base?: URL): URL {
  const url = URL.parse(text, base?.href);
  if (!url) throw failed('its address is not a URL');
  if (url.protocol !== 'http:' && url.protocol !== 'https:') throw failed('its address is neither http nor https');
  return url;
}

async function ask(hop: Hop, dispatcher: Dispatcher, signal: AbortSignal): Promise<Dispatcher.ResponseData> {
  try {
    return await request(hop.url, {
      method: hop.method,
      headers: { ...hop.headers, 'accept-encoding': 'identity' },
      body: hop.body ?? null,
      dispatcher,
      signal,
    });
  } catch (error) {
    signal.throwIfAborted();
    throw translateError(error);
  }
}

function contentOf({ statusCode, headers, body }: Dispatcher.ResponseData): Content {
  if (statusCode !== 200) {
    body.on('error', () => undefined).destroy();
    const text = `its server answered ${statusCode}`;
    throw PASSING.has(statusCode) ? interrupted(text) : failed(text);
  }
  const encoding = String(headers['content-encoding'] ?? 'identity').toLowerCase();
  if (encoding === 'identity') {
    const length = headers['content-length'];
    return { sizeBytes: typeof length === 'string' && /^\d+$/.test(length) ? Number(length) : undefined, body };
  }
  return { sizeBytes: undefined, body: decoded(body, encoding) };
}

/** Encoded although we asked for it as it is: decoded here, so that limits and checksums see the file itself. */
function decoded(body: Readable, encoding: string): Readable {
  const decoder = DECODERS[encoding]?.();
  if (!decoder) {
    body.on('error', () => undefined).destroy();
    throw failed('its server encodes it in an unknown way');
  }
  body.on('error', (error) => decoder.destroy(error));
  decoder.on('close', () => body.destroy());
  return body.pipe(decoder);
}
