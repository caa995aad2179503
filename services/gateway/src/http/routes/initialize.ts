/** `GET /api/services/initialize`: what an order of one service costs. */
import { InitializeQuerySchema } from '@capstan/shared/contract/api';
import { ENDPOINTS } from '@capstan/shared/contract/endpoints';
import { compile } from '@capstan/shared/validate';
import type { Initialize } from '../../jobs/initialize.ts';
import { checked, parameters } from '../input.ts';
import { route, type Route } from '../route.ts';

const validate = compile(InitializeQuerySchema);

export function initializeRoute(initialize: Pick<Initialize, 'one'>): Route {
  return route(ENDPOINTS.initialize, async (ctx) => {
    ctx.body = await initialize.one(checked(validate, parameters(ctx.query)));
  });
}
