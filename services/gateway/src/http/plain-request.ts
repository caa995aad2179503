/** Requests that bring nothing but an address, PURE: whoever sends such a one gets the same answer. */

export interface PlainRequest {
  /** Empty if there is none. */
  readonly host: string;
  readonly ifNoneMatch: string | undefined;
}

/** Who asks, or for whom; what is sent along; and what else an answer of a route may depend on. */
const NOT_PLAIN: ReadonlySet<string> = new Set([
  'authorization',
  'authtoken',
  'capstan-signature',
  'cookie',
  'origin',
  'cache-control',
  'pragma',
  'if-modified-since',
  'if-match',
  'range',
  'content-length',
  'transfer-encoding',
  'expect',
  'upgrade',
]);

/** Headers of nearly all clients, which need no second look. */
const USUAL: ReadonlySet<string> = new Set(['Connection', 'User-Agent', 'Accept', 'Accept-Encoding', 'connection']);

/** Undefined for one that is not plain. `rawHeaders`: names and values in turn. */
export function readPlain(rawHeaders: readonly string[]): PlainRequest | undefined {
  let host: string | undefined;
  let ifNoneMatch: string | undefined;
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] ?? '';
    if (USUAL.has(name)) continue;
    switch (name.toLowerCase()) {
      case 'host':
        if (host !== undefined) return undefined;
        host = rawHeaders[at + 1];
        break;
      case 'if-none-match':
        if (ifNoneMatch !== undefined) return undefined;
        ifNoneMatch = rawHeaders[at + 1];
        break;
      default:
        if (NOT_PLAIN.has(name.toLowerCase())) return undefined;
    }
  }
  return { host: host ?? '', ifNoneMatch };
}
