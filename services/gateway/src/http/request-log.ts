/** One line a request. Never its query: signatures travel there. */
import type { Middleware } from 'koa';
import type { Clock } from '@capstan/shared/runtime/clock';
import type { Log } from '@capstan/shared/runtime/log';

interface Line {
  readonly method: string;
  /** With its query, or without. */
  readonly url: string;
  readonly status: number;
  readonly ms: number;
}

export function requestLog(log: Log, clock: Clock): Middleware {
  return async (ctx, next) => {
    if (!log.isLevelEnabled('debug')) return next();
    const startMs = clock.monotonicMs();
    await next();
    logRequest(log, { method: ctx.method, url: ctx.path, status: ctx.status, ms: clock.monotonicMs() - startMs });
  };
}

/** What changed something has a line of its own; what is merely read all day is not worth one. */
export function logRequest(log: Log, { method, url, status, ms }: Line): void {
  if (!log.isLevelEnabled('debug')) return;
  const [path = ''] = url.split('?', 1);
  log.debug({ method, path: path.slice(0, 200), status, ms: Math.round(ms * 100) / 100 }, 'request');
}
