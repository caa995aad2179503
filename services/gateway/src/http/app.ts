/** The REST side: what every request goes through, in order. */
import { Router } from '@koa/router';
import Koa from 'koa';
import type { Clock } from '@capstan/shared/clock';
import type { Log } from '@capstan/shared/log';
import { errorResponses } from './errors.ts';
import { requestLog } from './request-log.ts';

/** Adds its route, one verb of one resource, to the router. */
export type Route = (router: Router) => void;

interface AppOptions {
  readonly routes: readonly Route[];
  readonly log: Log;
  readonly clock: Clock;
}

export function createApp({ routes, log, clock }: AppOptions): Koa {
  const router = new Router();
  for (const route of routes) route(router);
  const app = new Koa();
  app.use(requestLog(log, clock));
  app.use(errorResponses(log));
  app.use(router.routes());
  // Answers OPTIONS, and sets Allow where a path has other methods; what it leaves empty gets its body in `errorResponses`.
  app.use(router.allowedMethods());
  // A client that goes away in the middle of an answer is no failure of the node.
  app.on('error', (error: unknown) => log.debug({ err: error }, 'answer broke off'));
  return app;
}
