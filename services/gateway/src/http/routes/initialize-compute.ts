/** `POST /api/services/initializeCompute`: what the orders of a job cost. */
import { InitializeComputeRequestSchema } from '@capstan/shared/contract/api';
import { ENDPOINTS } from '@capstan/shared/contract/endpoints';
import { compileInput } from '@capstan/shared/schema/input';
import type { Initialize } from '../../admission/quote.ts';
import { readJsonBody } from '../body.ts';
import { checked, parameters } from '../input.ts';
import type { AskOutside } from '../../limits/outside-budget.ts';
import { networkIn } from '../limits.ts';
import { route, type Route } from '../route.ts';

const validate = compileInput(InitializeComputeRequestSchema);

export function initializeComputeRoute(
  initialize: Pick<Initialize, 'compute'>,
  askOutside: AskOutside,
  bodyLimitBytes: () => number,
): Route {
  return route(ENDPOINTS.initializeCompute, async (ctx) => {
    const { value } = await readJsonBody(ctx.req, bodyLimitBytes());
    const request = checked(validate, parameters(ctx.query, value));
    const network = networkIn(ctx);
    askOutside(network, [...request.datasets, request.algorithm]);
    ctx.body = await initialize.compute(request, network);
  });
}
