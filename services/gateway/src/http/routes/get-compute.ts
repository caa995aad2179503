/** `GET /api/services/compute`: how jobs stand, now or as soon as something has happened to them. */
import type { RouterContext } from '@koa/router';
import { StatusQuerySchema, type StatusQuery } from '@capstan/shared/contract/api';
import { ENDPOINTS } from '@capstan/shared/contract/endpoints';
import { compile } from '@capstan/shared/validate';
import type { Live } from '../../jobs/live.ts';
import type { Query, Selection } from '../../jobs/query.ts';
import type { FirstEvent } from '../../live/first-event.ts';
import { checked, parameters } from '../input.ts';
import type { OpenAnswers } from '../open-answers.ts';
import { route, type Route } from '../route.ts';

const validate = compile(StatusQuerySchema);

interface ComputeRouteOptions {
  readonly query: Query;
  readonly live: Pick<Live, 'lastCursor'>;
  readonly firstEvent: FirstEvent;
  readonly answers: Pick<OpenAnswers, 'open'>;
}

export function getComputeRoute({ query, live, firstEvent, answers }: ComputeRouteOptions): Route {
  const wait = async (ctx: RouterContext, selection: Selection, { since, waitFor = '0' }: StatusQuery) => {
    using answer = answers.open(ctx);
    const limitMs = Number(waitFor) * 1000;
    await firstEvent({
      selection,
      since: since === undefined ? undefined : Number(since),
      limitMs,
      signal: answer.signal,
    });
    // Read in one turn with the statuses: a client that comes back with it misses nothing.
    ctx.set('Capstan-Cursor', String(live.lastCursor()));
  };

  return route(ENDPOINTS.computeStatus, async (ctx) => {
    const asked = checked(validate, parameters(ctx.query));
    const { dates = 'unix', since, waitFor, ...which } = asked;
    const token = ctx.get('AuthToken');
    const selection = await query.authorize(token === '' ? which : { ...which, token });
    if (since !== undefined || waitFor !== undefined) await wait(ctx, selection, asked);
    const { text, etag } = query.texts(selection, dates);
    ctx.status = 200;
    ctx.set({ 'Content-Type': 'application/json; charset=utf-8', 'Cache-Control': 'private, no-cache' });
    ctx.etag = etag;
    // Clients poll all day; what has not changed need not travel.
    if (ctx.fresh) ctx.status = 304;
    else ctx.body = text;
  });
}
