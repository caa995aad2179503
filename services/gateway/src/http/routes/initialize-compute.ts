/** `POST /api/services/initializeCompute`: what the orders of a job cost. */
import { InitializeComputeRequestSchema } from '@capstan/shared/contract/api';
import { ENDPOINTS } from '@capstan/shared/contract/endpoints';
import { compile } from '@capstan/shared/validate';
import type { Initialize } from '../../jobs/initialize.ts';
import { readJsonBody } from '../body.ts';
import { checked, parameters } from '../input.ts';
import { route, type Route } from '../route.ts';

const validate = compile(InitializeComputeRequestSchema);

export function initializeComputeRoute(initialize: Pick<Initialize, 'compute'>, bodyLimitBytes: () => number): Route {
  return route(ENDPOINTS.initializeCompute, async (ctx) => {
    const { value } = await readJsonBody(ctx.req, bodyLimitBytes());
    ctx.body = await initialize.compute(checked(validate, parameters(ctx.query, value)));
  });
}
