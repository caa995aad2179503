/** `GET /api/services/compute`: how jobs stand, now or as soon as something has happened to them. */
import { Readable } from 'node:stream';
import type { RouterContext } from '@koa/router';
import type { StatusQuery } from '@capstan/shared/contract/api';
import { ENDPOINTS } from '@capstan/shared/contract/endpoints';
import { CapstanError } from '@capstan/shared/contract/errors';
import type { Live } from '../../live/event-source.ts';
import type { Query } from '../../status/query.ts';
import type { Selection } from '../../status/selection.ts';
import type { FirstEvent } from '../../live/first-event.ts';
import { isListFilter, type ListStatuses } from '../../status/list.ts';
import { MAX_PAGE, statesIn } from '../../status/pages.ts';
import type { IsForeign } from '../../auth/origins.ts';
import type { OpenAnswers } from '../open-answers.ts';
import type { Keep } from '../prepared-answers.ts';
import { readAlong } from '../read-along.ts';
import { route } from '../route.ts';

interface ComputeRouteOptions {
  readonly query: Pick<Query, 'authorize' | 'texts'>;
  readonly isForeign: IsForeign;
  readonly keep: Keep;
  readonly list: ListStatuses;
  readonly live: Pick<Live, 'lastCursor'>;
  readonly firstEvent: FirstEvent;
  readonly answers: Pick<OpenAnswers, 'open'>;
}

export function getCompute(options: ComputeRouteOptions) {
  const { query, isForeign, keep, list, live, firstEvent, answers } = options;

  const wait = async (ctx: RouterContext, selection: Selection, { since, waitFor = '0' }: StatusQuery) => {
    using answer = answers.open(ctx);
    const limitMs = Number(waitFor) * 1000;
    await firstEvent({
      selection,
      since: since === undefined ? undefined : Number(since),
      limitMs,
      signal: answer.signal,
    });
    // Before the statuses: a client that comes back with it misses nothing, though it may hear again what it has seen.
    ctx.set('Capstan-Cursor', String(live.lastCursor()));
  };

  const answer = async (selection: Selection, asked: StatusQuery) => {
    const dates = asked.dates ?? 'unix';
    // One that is named is asked for all day.
    const run = asked.run === undefined ? undefined : Number(asked.run);
    if (!isListFilter(selection)) return { ...query.texts(selection, dates, run), next: undefined };
    const page = await list(selection, {
      limit: asked.limit === undefined ? MAX_PAGE : Number(asked.limit),
      cursor: asked.cursor === undefined ? undefined : Number(asked.cursor),
      states: statesIn(asked.status),
      order: asked.order,
      detail: asked.detail,
      dates,
    });
    return { text: page.pieces, etag: page.etag, isStillTrue: page.isStillTrue, next: page.next };
  };

  return route(ENDPOINTS.computeStatus, async ({ input: asked, caller, ctx }) => {
    if (asked.run !== undefined && asked.jobId === undefined) throw runOfNoJob();
    const { since, waitFor, owner, all, consumerAddress = owner, ...rest } = asked;
    const which = { ...rest, all: all === 'true', consumerAddress };
    const identity = await caller.identity();
    const selection = await query.authorize(which, identity, {
      isForeign: isForeign(ctx.req.headers),
      network: caller.network,
    });
    const isWaitedFor = since !== undefined || waitFor !== undefined;
    if (isWaitedFor) await wait(ctx, selection, asked);
    const { text, etag, isStillTrue, next } = await answer(selection, asked);
    const headers = {
      'Cache-Control': 'private, no-cache',
      ...(next === undefined ? {} : { Link: `<${pageAt(ctx, next)}>; rel="next"` }),
    };
    ctx.set({ 'Content-Type': 'application/json; charset=utf-8', ...headers });
    if (etag !== undefined) ctx.etag = etag;
    // Of what anybody may ask: who signs uses up a nonce, who waits asks for what comes.
    const isForAnybody = identity === undefined && asked.signature === undefined && !isWaitedFor;
    const told = (whole: string) => {
      if (isForAnybody && isStillTrue) keep(ctx, { text: whole, headers, etag: ctx.response.get('ETag'), isStillTrue });
    };
    if (typeof text === 'string') told(text);
    // Clients poll all day; what has not changed need not travel.
    if (ctx.fresh) ctx.status = 304;
    else ctx.body = typeof text === 'string' ? text : Readable.from(readAlong(text, told), { objectMode: false });
    return undefined;
  });
}

const runOfNoJob = () =>
  new CapstanError('VALIDATION', 'Validation error', {
    fields: { jobId: ['The jobId field is required with run: which job the run is of.'] },
  });

/** Relative to the address of the request, which a proxy may have changed. */
function pageAt(ctx: RouterContext, cursor: number): string {
  const query = new URLSearchParams(ctx.querystring);
  query.set('cursor', String(cursor));
  return `?${query.toString()}`;
}
