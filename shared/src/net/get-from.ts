/**
 * GETs from a server that the operator named, and from where it redirects to: its own origin, or a public address. It may be the
 * operator's own and have a private address, but whoever runs it does not choose what else this node knocks on.
 */
import type { Readable } from 'node:stream';
import { request, type Dispatcher } from 'undici';
import { createAddressRule, createGuardedAgent } from './ssrf-guard.ts';

const MAX_REDIRECTS = 3;
const REDIRECTS: readonly number[] = [301, 302, 303, 307, 308];

export type Get = (
  url: string,
  headers: Readonly<Record<string, string>>,
  signal: AbortSignal,
) => Promise<Dispatcher.ResponseData>;

/** `maxRedirects` 0 for who is never sent elsewhere. */
export function createGet(timeoutMs: number, maxRedirects = MAX_REDIRECTS): Get {
  const elsewhere = createGuardedAgent({ isAllowed: createAddressRule([], ''), idleTimeoutMs: timeoutMs });
  return async (given, headers, signal) => {
    const named = new URL(given);
    let url = named;
    for (let redirects = 0; redirects <= maxRedirects; redirects += 1) {
      const isNamed = url.origin === named.origin;
      const answer = await request(url, {
        headers: { ...headers, 'accept-encoding': 'identity' },
        signal,
        ...(isNamed ? {} : { dispatcher: elsewhere }),
      });
      if (!REDIRECTS.includes(answer.statusCode)) return answer;
      drop(answer.body);
      url = nextOf(url, answer.headers['location']);
    }
    throw new Error(`it redirects more than ${maxRedirects} times`);
  };
}

/** What is left of an answer is not worth reading. */
export function drop(body: Readable): void {
  body.on('error', () => undefined).destroy();
}

function nextOf(url: URL, location: unknown): URL {
  const next = typeof location === 'string' ? URL.parse(location, url.href) : null;
  if (!next || (next.protocol !== 'https:' && next.protocol !== 'http:')) throw new Error('it redirects to nowhere');
  // Who named https meant that nobody on the way can change it.
  if (url.protocol === 'https:' && next.protocol === 'http:') throw new Error('it redirects from https to http');
  return next;
}
