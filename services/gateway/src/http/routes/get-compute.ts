/** `GET /api/services/compute`: how jobs stand. */
import { StatusQuerySchema } from '@capstan/shared/contract/api';
import { ENDPOINTS } from '@capstan/shared/contract/endpoints';
import { compile } from '@capstan/shared/validate';
import type { Query } from '../../jobs/query.ts';
import { checked, parameters } from '../input.ts';
import { route, type Route } from '../route.ts';

const validate = compile(StatusQuerySchema);

export function getComputeRoute(query: Query): Route {
  return route(ENDPOINTS.computeStatus, async (ctx) => {
    const { dates = 'unix', ...which } = checked(validate, parameters(ctx.query));
    const token = ctx.get('AuthToken');
    const selection = await query.authorize(token === '' ? which : { ...which, token });
    const { text, etag } = query.texts(selection, dates);
    ctx.status = 200;
    ctx.set({ 'Content-Type': 'application/json; charset=utf-8', 'Cache-Control': 'private, no-cache' });
    ctx.etag = etag;
    // Clients poll all day; what has not changed need not travel.
    if (ctx.fresh) ctx.status = 304;
    else ctx.body = text;
  });
}
