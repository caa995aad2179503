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

/** Where a request came from, as it was counted. */
export const networkIn = ({ req }: Pick<Context, 'req'>): string => networks.get(req) ?? '';

/** Before anything is read or looked up. */
export function limitRate({ clientIp, perIp }: RateLimits): Middleware {
  return (ctx, next) => {
    const network = networkOf(clientIp(ctx.req.socket.remoteAddress, ctx.req.headers));
    // Who hung up before anybody looked has no address any more, and would count for nobody.
    if (network === '') throw new CapstanError('BAD_REQUEST', 'The connection broke off.');
    networks.set(ctx.req, network);
    perIp(network);
    return next();
  };
}
