/** `GET /api/services/compute/events`: live status as server-sent events, for who can't hold a WebSocket. */
import type { RouterContext } from '@koa/router';
import type { Config } from '@capstan/shared/config/schema';
import { ENDPOINTS } from '@capstan/shared/contract/endpoints';
import { DEFAULT_SUBSCRIPTION } from '@capstan/shared/contract/socket';
import { CapstanError } from '@capstan/shared/contract/errors';
import type { Log } from '@capstan/shared/runtime/log';
import type { TokenWatch } from '../../auth/token-watch.ts';
import type { Identity } from '../../auth/identify.ts';
import type { Query } from '../../status/query.ts';
import type { Selection } from '../../status/selection.ts';
import type { Follow, Following, From } from '../../live/follow.ts';
import { statesIn } from '../../status/pages.ts';
import { beginEventStream } from '../event-stream.ts';
import type { OpenAnswer, OpenAnswers } from '../open-answers.ts';
import type { IsForeign } from '../../auth/origins.ts';
import { route, type Handle } from '../route.ts';

interface EventsRouteOptions {
  readonly follow: Follow;
  readonly query: Pick<Query, 'authorize'>;
  readonly isForeign: IsForeign;
  readonly tokenWatch: Pick<TokenWatch, 'watch'>;
  readonly answers: Pick<OpenAnswers, 'open'>;
  readonly limits: Pick<Config['gateway']['live'], 'maxBufferedKB' | 'stallLimitS'>;
  readonly log: Log;
}

interface Asked {
  readonly selection: Selection;
  readonly identity: Identity | undefined;
  readonly from: From;
  /** Whether to go on once all there was is told. */
  readonly goesOn: boolean;
  readonly detail: 'row' | undefined;
  readonly page: Following['page'];
  readonly counts: boolean;
}

export function getEvents(options: EventsRouteOptions) {
  const { follow, query, isForeign, tokenWatch, answers, limits, log } = options;

  const stream = async (ctx: RouterContext, opened: OpenAnswer, { identity, goesOn, ...asked }: Asked) => {
    using answer = opened;
    const outlet = beginEventStream(ctx.res, {
      maxBufferedBytes: limits.maxBufferedKB * 1_000,
      stallLimitMs: limits.stallLimitS * 1_000,
      onTooSlow: () => log.debug('an event stream was not read'),
    });
    const signal = AbortSignal.any([answer.signal, outlet.signal]);
    const { promise: over, resolve } = Promise.withResolvers<undefined>();
    const unwatch =
      identity?.claims &&
      tokenWatch.watch(identity.claims, (end) =>
        outlet.fail('TOKEN_ENDED', end === 'expired' ? 'The token has expired.' : 'The token was taken back.'),
      );
    signal.addEventListener('abort', () => resolve(undefined), { once: true });
    const onBroken = (error: unknown) => {
      log.error({ err: error }, 'an event stream failed in a way that it must not');
      outlet.fail('INTERNAL', 'Something went wrong in the node. Its log says what.');
    };
    try {
      await follow({ subscription: DEFAULT_SUBSCRIPTION, ...asked, outlet, signal, onBroken });
      if (goesOn && !signal.aborted) await over;
    } finally {
      unwatch?.();
      outlet.end();
    }
  };

  const answer: Handle<typeof ENDPOINTS.computeEvents> = async ({ input, caller, ctx }) => {
    const { jobs, owner, all, follow: goesOn = 'true', from, detail, status, order, limit, counts, ...which } = input;
    const start = startOf(ctx.get('Last-Event-ID'), from);
    const identity = await caller.identity();
    const selection = await query.authorize(
      { ...which, all: all === 'true', jobs: jobs?.split(','), consumerAddress: which.consumerAddress ?? owner },
      identity,
      { isForeign: isForeign(ctx.req.headers), network: caller.network },
    );
    if (ctx.method === 'HEAD') {
      ctx.set('Content-Type', 'text/event-stream; charset=utf-8');
      return undefined;
    }
    // Where there is no place, that is the answer.
    const opened = answers.open(ctx);
    ctx.respond = false;
    const page = { states: statesIn(status), order, ...(limit === undefined ? {} : { limit: Number(limit) }) };
    const goesOnThen = goesOn === 'true';
    const how = { from: start, goesOn: goesOnThen, detail, page, counts: counts === 'true' };
    stream(ctx, opened, { selection, identity, ...how }).catch((error: unknown) => {
      log.error({ err: error }, 'an event stream failed in a way that it must not');
      ctx.res.destroy();
    });
    return undefined;
  };

  return route(ENDPOINTS.computeEvents, answer, requireStream);
}

function requireStream(ctx: RouterContext): void {
  if (ctx.accepts('text/event-stream')) return;
  throw new CapstanError('NOT_ACCEPTABLE', 'This is a stream: accept text/event-stream, or connect a WebSocket.');
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
