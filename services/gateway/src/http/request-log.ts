/** One line a request. Never its query: signatures travel there. */
import type { Middleware } from 'koa';
import type { Clock } from '@capstan/shared/runtime/clock';
import type { Log } from '@capstan/shared/runtime/log';

export function requestLog(log: Log, clock: Clock): Middleware {
  return async (ctx, next) => {
    if (!log.isLevelEnabled('debug')) return next();
    const startMs = clock.monotonicMs();
    await next();
    const line = {
      method: ctx.method,
      path: ctx.path.slice(0, 200),
      status: ctx.status,
      ms: Math.round((clock.monotonicMs() - startMs) * 100) / 100,
    };
    // What changed something has a line of its own; what is merely read all day is not worth one.
    log.debug(line, 'request');
  };
}
