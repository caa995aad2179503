/** Whether a request for a socket is granted: at its path, from a page that may, within the limits, and by whom. */
import { STATUS_CODES, type IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { CapstanError, ERRORS } from '@capstan/shared/contract/errors';
import { proofIn } from '../auth/credentials.ts';
import type { RequireHost } from '../auth/hosts.ts';
import type { IsForeign } from '../auth/origins.ts';
import { RETRY_AFTER_S } from '../limits/retry-after.ts';
import type { Identify, Identity } from '../auth/identify.ts';
import { networkOf, type ClientIp } from '../limits/client-ip.ts';
import type { TakePlace } from '../limits/connection-limit.ts';
import type { RateLimit } from '../limits/rate-limit.ts';
import { isAllowedOrigin } from './origin.ts';

export interface UpgradeOptions {
  readonly path: string;
  readonly corsOrigins: readonly string[];
  readonly clientIp: ClientIp;
  readonly perIp: RateLimit;
  readonly takePlace: TakePlace;
  readonly identify: Identify;
  readonly requireHost: RequireHost;
  readonly isForeign: IsForeign;
}

export interface Granted {
  readonly identity: Identity | undefined;
  /** Whether a web page of another origin asks. */
  readonly isForeign: boolean;
  readonly network: string;
}

export type Grant = (request: IncomingMessage, stream: Duplex) => Promise<Granted>;

/** Rejects with a CapstanError. A place that was taken is left when the connection closes. */
export function createGrant(options: UpgradeOptions): Grant {
  const { path, corsOrigins, clientIp, perIp, takePlace, identify, requireHost, isForeign } = options;
  return async (request, stream) => {
    const { origin, host } = request.headers;
    const network = networkOf(clientIp(request.socket.remoteAddress, request.headers));
    // Before all else: what is refused costs a connection, too.
    perIp(network);
    requireHost(request.headersDistinct.host);
    // Whatever comes instead of a path, such as `//`, is another one.
    const [asked, search = ''] = (request.url ?? '').split('?', 2);
    if (asked !== path) {
      throw new CapstanError('NOT_FOUND', `There is no WebSocket here. Connect to ${path}.`);
    }
    if (!isAllowedOrigin({ origin, host, origins: corsOrigins })) {
      throw new CapstanError(
        'ORIGIN_REFUSED',
        'Pages of this origin may not connect; corsOrigins of the node lists which may.',
      );
    }
    stream.once('close', takePlace(network));
    const ticket = new URLSearchParams(search).get('ticket') ?? undefined;
    const proof = proofIn(request.headers, () => ({ method: 'GET', paths: [path], query: search, body: NO_BODY }));
    return { identity: await identify.known({ ticket }, proof), network, isForeign: isForeign(request.headers) };
  };
}

const NO_BODY = new Uint8Array();

/** How long a client may take to hear the answer: until then, what it sends is read and dropped, or its end would never be noticed. */
const LINGER_MS = 1_000;

/** Answers a request that is not granted, and closes the connection: nobody else looks after it any more. */
export function refuse(stream: Duplex, error: CapstanError): void {
  const { status, retryable } = ERRORS[error.code];
  const { detail } = error.facts;
  const body = JSON.stringify({ error: error.message, ...(detail === undefined ? {} : { message: detail }) });
  const headers = {
    Connection: 'close',
    'Content-Type': 'application/json',
    'Content-Length': String(Buffer.byteLength(body)),
    ...(retryable && status === 503 ? { 'Retry-After': String(RETRY_AFTER_S) } : {}),
    ...error.facts.headers,
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  if (stream.destroyed) return;
  const limit = setTimeout(() => stream.destroy(), LINGER_MS);
  stream.once('close', () => clearTimeout(limit));
  stream.resume();
  stream.end([`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'Error'}`, ...lines, '', body].join('\r\n'));
}
