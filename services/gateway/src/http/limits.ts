/** How much one network address may ask. */
import type { IncomingMessage } from 'node:http';
import type { Context, Middleware } from 'koa';
import { CapstanError } from '@capstan/shared/contract/errors';
import { networkOf, type ClientIp } from '../limits/client-ip.ts';
import type { RateLimit } from '../limits/rate-limit.ts';

export interface RateLimits {
  readonly clientIp: ClientIp;
  readonly perIp: RateLimit;
}

const networks = new WeakMap<IncomingMessage, string>();
/** Those that were refused before they got to the one place that answers refusals. */
const refused = new WeakMap<IncomingMessage, unknown>();

/** Where a request came from, as it was counted. */
export const networkIn = ({ req }: Pick<Context, 'req'>): string => networks.get(req) ?? '';

/** Before anything is read or looked up. */
export function limitRate({ clientIp, perIp }: RateLimits): Middleware {
  return (ctx, next) => {
    const network = networkFrom(ctx.req, clientIp);
    // Who hung up before anybody looked has no address any more, and would count for nobody.
    if (network === '') throw new CapstanError('BAD_REQUEST', 'The connection broke off.');
    networks.set(ctx.req, network);
    if (refused.has(ctx.req)) throw refused.get(ctx.req);
    perIp(network);
    return next();
  };
}

/** Counts a request ahead of `limitRate`, which refuses one that is too many, and counts it no second time then. */
export function admits(request: IncomingMessage, { clientIp, perIp }: RateLimits): boolean {
  const network = networkFrom(request, clientIp);
  if (network === '') return false;
  try {
    perIp(network);
    return true;
  } catch (error) {
    refused.set(request, error);
    return false;
  }
}

const networkFrom = ({ socket, headers }: IncomingMessage, clientIp: ClientIp) =>
  networkOf(clientIp(socket.remoteAddress, headers));
