/** A file from an HTTP server: redirects by hand, resumed when its connection breaks, errors without the address in them. */
import { request, type Dispatcher } from 'undici';
import { CapstanError, systemCode } from '@capstan/shared/contract/errors';
import { noPublicAddress } from '@capstan/shared/net/ssrf-guard';
import { decoded, isEncoded, quiet } from '@capstan/shared/net/decoded';
import type { Content } from './content.ts';
import { saidOf } from './file-names.ts';
import { drop, resumable, type Answer } from './resume.ts';
import { partOf, resumptionOf, sizeOf, validatorIn } from './resumption.ts';
import { failed, interrupted, parseUrl, type SourceRequest } from './source.ts';

/** Throws FETCH_FAILED for what stays as it is, FETCH_ABSENT if there is no such file, FETCH_INTERRUPTED for what may pass. */
export type Download = (request: Asking, signal: AbortSignal, from?: number) => Promise<Content>;

/** A function that makes a GET, where each time needs one of its own, as signed ones do. */
export type Asking = SourceRequest | (() => SourceRequest);

const MAX_REDIRECTS = 5;
const REDIRECTS = new Set([301, 302, 303, 307, 308]);
/** Answers that another try may change. */
const PASSING = new Set([408, 425, 429, 500, 502, 503, 504]);

/** What a server may say to a request for a part, beside giving it. */
const ABOUT_PARTS = new Set([206, 412, 416]);
type Headers = Readonly<Record<string, string>>;

/** `dispatcherFor`: the connections to a server; asked again for every redirect. */
export function createDownload(dispatcherFor: (url: URL) => Dispatcher): Download {
  /** `own`: headers of the node's own, which every server on the way may see. */
  const follow = async (asking: Asking, own: Headers, signal: AbortSignal): Promise<Answer> => {
    let hop = typeof asking === 'function' ? asking() : asking;
    for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects++) {
      const answer = await ask(hop, own, dispatcherFor(hop.url), signal);
      if (!REDIRECTS.has(answer.statusCode)) return answer;
      drop(answer.body);
      hop = nextHop(hop, answer.statusCode, answer.headers['location']);
    }
    throw failed(`its server redirects more than ${MAX_REDIRECTS} times`);
  };

  const downloadFrom = async (asking: Asking, signal: AbortSignal, from: number): Promise<Content | undefined> => {
    const answer = await follow(asking, { range: `bytes=${from}-` }, signal);
    const part = partOf(answer, from);
    if (!part) drop(answer.body);
    return part && { ...saidOf(answer.headers), ...part, body: answer.body };
  };

  return async (asking, signal, from = 0) => {
    // Only what is read is had in parts; where no part comes, all of it does.
    const part =
      from > 0 && typeof asking !== 'function' && asking.method === 'GET'
        ? await downloadFrom(asking, signal, from)
        : undefined;
    if (part) return part;
    const answer = succeeded(await follow(asking, {}, signal), new Set());
    const encoding = answer.headers['content-encoding'];
    const said = { ...saidOf(answer.headers), ...validatorIn(answer.headers) };
    if (isEncoded(encoding)) {
      // Although we asked for it as it is: limits and checksums see the file itself.
      const body = decoded(answer.body, encoding);
      if (!body) throw failed('its server encodes it in an unknown way');
      return { ...said, sizeBytes: undefined, body };
    }
    const isRead = typeof asking === 'function' || asking.method === 'GET';
    const resumption = isRead ? resumptionOf(answer.headers) : undefined;
    if (!resumption) return { ...said, sizeBytes: sizeOf(answer.headers), body: answer.body };
    const again = async (conditions: Headers) => succeeded(await follow(asking, conditions, signal), ABOUT_PARTS);
    return {
      ...said,
      sizeBytes: resumption.sizeBytes,
      body: resumable(answer, { resumption, again, translate: translateError }, signal),
    };
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
    // The same words for a name that nobody knows and for one that leads inward: else anybody could ask for the names of this network.
    case 'ENOTFOUND':
      return noPublicAddress(error);
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

/** Exported for tests: servers with a certificate are not to be had in all of them. */
export function nextHop(hop: SourceRequest, statusCode: number, location: unknown): SourceRequest {
  if (typeof location !== 'string') throw failed('its server redirects to nowhere');
  const url = parseUrl(location, hop.url);
  // Who named https meant that nobody on the way can change it.
  if (hop.url.protocol === 'https:' && url.protocol === 'http:')
    throw failed('its server redirects from https to http');
  // What was meant for one server is not shown to another, and what a server puts in front of its own name counts for nothing.
  const isSameOrigin = url.origin === hop.url.origin;
  url.username = '';
  url.password = '';
  const headers = isSameOrigin ? hop.headers : {};
  if (statusCode !== 307 && statusCode !== 308) return { url, method: 'GET', headers };
  if (hop.body !== undefined && !isSameOrigin) throw failed('its server redirects a POST to another server');
  return { ...hop, url, headers };
}

async function ask(
  hop: SourceRequest,
  own: Headers,
  dispatcher: Dispatcher,
  signal: AbortSignal,
): Promise<Dispatcher.ResponseData> {
  try {
    const answer = await request(hop.url, {
      method: hop.method,
      headers: { ...hop.headers, ...own, 'accept-encoding': 'identity' },
      body: hop.body ?? null,
      dispatcher,
      signal,
    });
    quiet(answer.body);
    return answer;
  } catch (error) {
    signal.throwIfAborted();
    throw translateError(error);
  }
}

function succeeded(answer: Answer, alsoFine: ReadonlySet<number>): Answer {
  const { statusCode, body } = answer;
  if (statusCode === 200 || alsoFine.has(statusCode)) return answer;
  drop(body);
  const text = `its server answered ${statusCode}`;
  // Some providers say 400 to the number of a file that is not there.
  if (statusCode === 404 || statusCode === 400) throw new CapstanError('FETCH_ABSENT', text);
  throw PASSING.has(statusCode) ? interrupted(text) : failed(text);
}
