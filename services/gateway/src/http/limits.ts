/** How much one network address may ask. */
import type { Middleware } from 'koa';
import { networkOf, type ClientIp } from '../limits/client-ip.ts';
import type { RateLimit } from '../limits/rate-limit.ts';

export interface RateLimits {
  readonly clientIp: ClientIp;
  readonly perIp: RateLimit;
}

/** Before anything is read or looked up. */
export function limitRate({ clientIp, perIp }: RateLimits): Middleware {
  return (ctx, next) => {
    perIp(networkOf(clientIp(ctx.req.socket.remoteAddress, ctx.get('X-Forwarded-For'))));
    return next();
  };
}
