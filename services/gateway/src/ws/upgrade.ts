/** Whether a request for a socket is granted: at its path, from a page that may, within the limits, and by whom. */
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { CapstanError, ERRORS } from '@capstan/shared/errors';
import type { Identify, Identity } from '../jobs/identify.ts';
import { networkOf, type ClientIp } from '../limits/client-ip.ts';
import type { TakePlace } from '../limits/places.ts';
import type { RateLimit } from '../limits/rate-limit.ts';
import { isAllowedOrigin } from './origin.ts';

export interface UpgradeOptions {
  readonly path: string;
  readonly corsOrigins: readonly string[];
  readonly clientIp: ClientIp;
  readonly perIp: RateLimit;
  readonly takePlace: TakePlace;
  readonly identify: Identify;
}

export interface Granted {
  readonly identity: Identity | undefined;
}

export type Grant = (request: IncomingMessage, stream: Duplex) => Promise<Granted>;

/** Rejects with a CapstanError. A place that was taken is left when the connection closes. */
export function createGrant({ path, corsOrigins, clientIp, perIp, takePlace, identify }: UpgradeOptions): Grant {
  return async (request, stream) => {
    const { origin, host, 'x-forwarded-for': forwardedFor } = request.headers;
    // Whatever comes instead of a path, such as `//`, is another one.
    const [asked, search] = (request.url ?? '').split('?', 2);
    if (asked !== path) {
      throw new CapstanError('NOT_FOUND', `There is no WebSocket here. Connect to ${path}.`);
    }
    const forwarded = Array.isArray(forwardedFor) ? forwardedFor.join(',') : (forwardedFor ?? '');
    const network = networkOf(clientIp(request.socket.remoteAddress, forwarded));
    perIp(network);
    if (!isAllowedOrigin({ origin, host, origins: corsOrigins })) {
      throw new CapstanError(
        'ORIGIN_REFUSED',
        'Pages of this origin may not connect; corsOrigins of the node lists which may.',
      );
    }
    stream.once('close', takePlace(network));
    const ticket = new URLSearchParams(search).get('ticket') ?? undefined;
    const token = tokenOf(request);
    return { identity: token === undefined && ticket === undefined ? undefined : await identify({ token, ticket }) };
  };
}

function tokenOf({ headers }: IncomingMessage): string | undefined {
  const [, bearer] = /^Bearer +(\S+)$/i.exec(headers.authorization ?? '') ?? [];
  const token = headers['authtoken'] ?? bearer;
  return token === '' || Array.isArray(token) ? undefined : token;
}

/** Answers a request that is not granted. */
export function refuse(stream: Duplex, error: CapstanError): void {
  const { status } = ERRORS[error.code];
  const body = JSON.stringify({ error: error.message });
  const headers = {
    Connection: 'close',
    'Content-Type': 'application/json',
    'Content-Length': String(Buffer.byteLength(body)),
    ...error.facts.headers,
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  stream.end([`HTTP/1.1 ${status} ${REASONS[status] ?? 'Error'}`, ...lines, '', body].join('\r\n'));
}

const REASONS: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  429: 'Too Many Requests',
  500: 'Internal Server Error',
  503: 'Service Unavailable',
};
