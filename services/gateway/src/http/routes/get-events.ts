/** `GET /api/services/compute/events`: live status as server-sent events, for who can't hold a WebSocket. */
import type { RouterContext } from '@koa/router';
import { EventsQuerySchema } from '@capstan/shared/contract/api';
import { ENDPOINTS } from '@capstan/shared/contract/endpoints';
import { DEFAULT_SUBSCRIPTION } from '@capstan/shared/contract/socket';
import { CapstanError } from '@capstan/shared/errors';
import type { Log } from '@capstan/shared/log';
import { compile } from '@capstan/shared/validate';
import type { TokenWatch } from '../../auth/token-watch.ts';
import type { Identify, Identity } from '../../jobs/identify.ts';
import type { Query, Selection } from '../../jobs/query.ts';
import type { Follow, From } from '../../live/follow.ts';
import { callerOf } from '../caller.ts';
import { beginEventStream } from '../event-stream.ts';
import { checked, parameters } from '../input.ts';
import type { OpenAnswers } from '../open-answers.ts';
import { route, type Route } from '../route.ts';

const validate = compile(EventsQuerySchema);

interface EventsRouteOptions {
  readonly follow: Follow;
  readonly query: Pick<Query, 'authorize'>;
  readonly identify: Identify;
  readonly tokenWatch: Pick<TokenWatch, 'watch'>;
  readonly answers: Pick<OpenAnswers, 'open'>;
  readonly maxBufferedBytes: number;
  readonly log: Log;
}

interface Asked {
  readonly selection: Selection;
  readonly identity: Identity | undefined;
  readonly from: From;
  /** Whether to go on once all there was is told. */
  readonly goesOn: boolean;
}

export function getEventsRoute(options: EventsRouteOptions): Route {
  const { follow, query, identify, tokenWatch, answers, maxBufferedBytes, log } = options;

  const stream = async (ctx: RouterContext, { selection, identity, from, goesOn }: Asked) => {
    using answer = answers.open(ctx);
    const { signal } = answer;
    const outlet = beginEventStream(ctx.res, maxBufferedBytes);
    const { promise: over, resolve } = Promise.withResolvers<undefined>();
    const unwatch =
      identity?.claims &&
      tokenWatch.watch(identity.claims, (end) =>
        outlet.fail('TOKEN_ENDED', end === 'expired' ? 'The token has expired.' : 'The token was taken back.'),
      );
    signal.addEventListener('abort', () => resolve(undefined), { once: true });
    try {
      await follow({ subscription: DEFAULT_SUBSCRIPTION, selection, from, outlet, signal });
      if (goesOn) await over;
    } finally {
      unwatch?.();
      outlet.end();
    }
  };

  return route(ENDPOINTS.computeEvents, async (ctx) => {
    if (!ctx.accepts('text/event-stream')) {
      throw new CapstanError('NOT_ACCEPTABLE', 'This is a stream: accept text/event-stream, or connect a WebSocket.');
    }
    const {
      jobs,
      owner,
      all,
      ticket,
      follow: goesOn = 'true',
      from,
      ...which
    } = checked(validate, parameters(ctx.query));
    const start = startOf(ctx.get('Last-Event-ID'), from);
    const identity = await callerOf(ctx, identify, ticket);
    const selection = await query.authorize(
      { ...which, all: all === 'true', jobs: jobs?.split(','), consumerAddress: which.consumerAddress ?? owner },
      identity,
    );
    ctx.status = 200;
    if (ctx.method === 'HEAD') return ctx.set('Content-Type', 'text/event-stream; charset=utf-8');
    ctx.respond = false;
    stream(ctx, { selection, identity, from: start, goesOn: goesOn === 'true' }).catch((error: unknown) => {
      log.error({ err: error }, 'an event stream failed in a way that it must not');
      ctx.res.destroy();
    });
  });
}

/** Where a client goes on that comes back, or where it begins. */
function startOf(lastEventId: string, from = 'now'): From {
  if (lastEventId !== '' && !/^\d{1,16}$/.test(lastEventId)) {
    const text = 'The Last-Event-ID header must be an id of this stream.';
    throw new CapstanError('VALIDATION', 'Validation error', { fields: { 'Last-Event-ID': [text] } });
  }
  const start = lastEventId === '' ? from : lastEventId;
  return start === 'now' || start === 'start' ? start : Number(start);
}
