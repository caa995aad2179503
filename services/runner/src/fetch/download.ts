/** A file from an HTTP server: redirects by hand, limits on time and size, errors without the address in them. */
import type { Readable, Transform } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import { request, type Dispatcher } from 'undici';
import { CapstanError, systemCode } from '@capstan/shared/errors';
import type { Content } from './content.ts';
import { failed, interrupted, parseUrl, type SourceRequest } from './source.ts';

/** Throws FETCH_FAILED for what stays as it is, FETCH_ABSENT if there is no such file, FETCH_INTERRUPTED for what may pass. */
export type Download = (request: SourceRequest, signal: AbortSignal) => Promise<Content>;

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

/** `dispatcherFor`: the connections to a server; asked again for every redirect. */
export function createDownload(dispatcherFor: (url: URL) => Dispatcher): Download {
  return async (first, signal) => {
    let hop = first;
    for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects++) {
      const answer = await ask(hop, dispatcherFor(hop.url), signal);
      if (!REDIRECTS.has(answer.statusCode)) return contentOf(answer);
      answer.body.on('error', () => undefined).destroy();
      hop = nextHop(hop, answer);
    }
    throw failed(`its server redirects more than ${MAX_REDIRECTS} times`);
  };
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

function nextHop(hop: SourceRequest, answer: Dispatcher.ResponseData): SourceRequest {
  const location = answer.headers['location'];
  if (typeof location !== 'string') throw failed('its server redirects to nowhere');
  const url = parseUrl(location, hop.url);
  // What was meant for one server is not shown to another.
  const isSameOrigin = url.origin === hop.url.origin;
  if (answer.statusCode === 307 || answer.statusCode === 308) {
    if (hop.body !== undefined && !isSameOrigin) throw failed('its server redirects a POST to another server');
    return { ...hop, url, headers: isSameOrigin ? hop.headers : {} };
  }
  return { url, method: 'GET', headers: isSameOrigin ? hop.headers : {} };
}

async function ask(hop: SourceRequest, dispatcher: Dispatcher, signal: AbortSignal): Promise<Dispatcher.ResponseData> {
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
    // Some providers say 400 to the number of a file that is not there.
    if (statusCode === 404 || statusCode === 400) throw new CapstanError('FETCH_ABSENT', text);
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
