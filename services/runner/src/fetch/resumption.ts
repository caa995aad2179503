/**
 * Whether and how a download can go on where it broke, PURE. Only if the server has named the very bytes it was giving, by a strong
 * ETag or a time of change that is old enough to mean one content (RFC 9110, 8.8.2.2 and 13.1.5), and their number.
 */
import type { Dispatcher } from 'undici';

type IncomingHttpHeaders = Dispatcher.ResponseData['headers'];

export interface Resumption {
  readonly sizeBytes: number;
  /** For If-Range. */
  readonly validator: string;
}

export type Verdict =
  /** It goes on with the byte that was asked for. */
  | 'continues'
  /** It is the same content from its first byte. */
  | 'starts-again'
  | 'changed'
  /** It is no answer to what was asked; another way may be. */
  | 'useless';

export function resumptionOf(headers: IncomingHttpHeaders): Resumption | undefined {
  const sizeBytes = sizeOf(headers);
  const validator = validatorOf(headers);
  if (sizeBytes === undefined || validator === undefined || headers['accept-ranges'] === 'none') return undefined;
  return { sizeBytes, validator };
}

export function conditionsOf({ validator }: Resumption, offset: number): Readonly<Record<string, string>> {
  return { range: `bytes=${offset}-`, 'if-range': validator };
}

/** What a server means that was asked to go on from `offset`. */
export function judge(
  { statusCode, headers }: { readonly statusCode: number; readonly headers: IncomingHttpHeaders },
  { sizeBytes, validator }: Resumption,
  offset: number,
): Verdict {
  const isEncoded = String(headers['content-encoding'] ?? 'identity').toLowerCase() !== 'identity';
  const now = validatorOf(headers);
  switch (statusCode) {
    case 206: {
      if (now !== undefined && now !== validator && isSameKind(now, validator)) return 'changed';
      const isTheRest = headers['content-range'] === `bytes ${offset}-${sizeBytes - 1}/${sizeBytes}`;
      return isTheRest && !isEncoded ? 'continues' : 'useless';
    }
    // It takes no ranges, or has something else now.
    case 200:
      if (isEncoded) return 'useless';
      return now === validator && sizeOf(headers) === sizeBytes ? 'starts-again' : 'changed';
    case 412:
    case 416:
      return 'changed';
    default:
      return 'useless';
  }
}

export function sizeOf(headers: IncomingHttpHeaders): number | undefined {
  const length = headers['content-length'];
  return typeof length === 'string' && /^\d{1,15}$/.test(length) ? Number(length) : undefined;
}

function validatorOf(headers: IncomingHttpHeaders): string | undefined {
  const { etag, date } = headers;
  if (typeof etag === 'string' && /^"[^"]*"$/.test(etag)) return etag;
  const changed = headers['last-modified'];
  if (typeof changed !== 'string' || typeof date !== 'string') return undefined;
  return Date.parse(date) - Date.parse(changed) >= 1_000 ? changed : undefined;
}

/** A part may come with one of the two only. */
const isSameKind = (one: string, other: string) => one.startsWith('"') === other.startsWith('"');

/** Which part of which whole an answer is, if it is the rest from that byte on. */
export function partOf(
  { statusCode, headers }: { readonly statusCode: number; readonly headers: IncomingHttpHeaders },
  from: number,
): { readonly sizeBytes: number; readonly startsAt: number; readonly validator?: string } | undefined {
  const range = headers['content-range'];
  const isEncoded = String(headers['content-encoding'] ?? 'identity').toLowerCase() !== 'identity';
  const [, start, end, size] =
    /^bytes (\d{1,15})-(\d{1,15})\/(\d{1,15})$/.exec(typeof range === 'string' ? range : '') ?? [];
  if (statusCode !== 206 || isEncoded || Number(start) !== from || Number(end) + 1 !== Number(size)) return undefined;
  return { sizeBytes: Number(size), startsAt: from, ...validatorIn(headers) };
}

export function validatorIn(headers: IncomingHttpHeaders): { readonly validator?: string } {
  const validator = validatorOf(headers);
  return validator === undefined ? {} : { validator };
}
