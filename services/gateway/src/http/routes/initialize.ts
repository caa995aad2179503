/** `GET /api/services/initialize`: what an order of one service costs. */
import { InitializeQuerySchema } from '@capstan/shared/contract/api';
import { ENDPOINTS } from '@capstan/shared/contract/endpoints';
import { compileInput } from '@capstan/shared/schema/input';
import type { Initialize } from '../../admission/quote.ts';
import { checked, parameters } from '../input.ts';
import type { AskOutside } from '../../limits/outside-budget.ts';
import { networkIn } from '../limits.ts';
import { route, type Route } from '../route.ts';

const validate = compileInput(InitializeQuerySchema);

export function initializeRoute(initialize: Pick<Initialize, 'one'>, askOutside: AskOutside): Route {
  return route(ENDPOINTS.initialize, async (ctx) => {
    const query = checked(validate, parameters(ctx.query));
    askOutside(networkIn(ctx), [query]);
    ctx.body = await initialize.one(query);
  });
}
