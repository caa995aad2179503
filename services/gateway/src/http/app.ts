/** The REST side: what every request goes through, in order. */
import cors from '@koa/cors';
import { Router } from '@koa/router';
import Koa from 'koa';
import type { Clock } from '@capstan/shared/runtime/clock';
import type { Log } from '@capstan/shared/runtime/log';
import { createBodyRoom, shareBodies } from './body-room.ts';
import { errorResponses } from './errors.ts';
import type { RequireHost } from '../auth/hosts.ts';
import { limitRate, type RateLimits } from './limits.ts';
import { readQueriesOnce } from './query.ts';
import { requestLog } from './request-log.ts';
import type { Route } from './route.ts';

interface AppOptions {
  readonly routes: readonly Route[];
  readonly corsOrigins: readonly string[];
  readonly rateLimits: RateLimits;
  readonly requireHost: RequireHost;
  readonly log: Log;
  readonly clock: Clock;
}

export function createApp({ routes, corsOrigins, rateLimits, requireHost, log, clock }: AppOptions): Koa {
  const router = new Router();
  for (const add of routes) add(router);
  const app = new Koa();
  readQueriesOnce(app);
  app.use(requestLog(log, clock));
  app.use(corsFor(corsOrigins));
  app.use(errorResponses(log));
  app.use(limitRate(rateLimits));
  app.use(shareBodies(createBodyRoom()));
  app.use((ctx, next) => {
    requireHost(ctx.req.headersDistinct.host);
    return next();
  });
  app.use(router.routes());
  // Answers OPTIONS, and sets Allow where a path has other methods; what it leaves empty gets its body in `errorResponses`.
  app.use(router.allowedMethods());
  // A client that goes away in the middle of an answer is no failure of the node.
  app.on('error', (error: unknown) => log.debug({ err: error }, 'answer broke off'));
  return app;
}

function corsFor(origins: readonly string[]): Koa.Middleware {
  const answer = cors(corsOptions(origins));
  // Where any page may read, an answer is the same for all; and whoever is no page names no origin.
  const isOneForAll = origins.includes('*');
  return (ctx, next) => (isOneForAll && ctx.get('Origin') === '' ? next() : answer(ctx, next));
}

function corsOptions(origins: readonly string[]): cors.Options {
  return {
    // No answer here depends on cookies, and none ever will: credentials stay off.
    credentials: false,
    origin: (ctx) => {
      const asked = ctx.get('Origin');
      if (origins.includes('*')) return '*';
      return origins.includes(asked) ? asked : '';
    },
    exposeHeaders: ['Content-Disposition', 'Content-Range', 'Capstan-Cursor', 'ETag', 'Link', 'Retry-After'],
    maxAge: 86_400,
  };
}
