/** `PUT /api/services/compute`: stop jobs. */
import { StopRequestSchema, type StatusObject, type StopRequest } from '@capstan/shared/contract/api';
import { ENDPOINTS } from '@capstan/shared/contract/endpoints';
import { compile } from '@capstan/shared/validate';
import { readJsonBody } from '../body.ts';
import { checkedSigned, parameters } from '../input.ts';
import { route, type Route } from '../route.ts';

const validate = compile(StopRequestSchema);

export function stopComputeRoute(
  stop: (request: StopRequest & { readonly token?: string }) => Promise<readonly StatusObject[]>,
  bodyLimitBytes: () => number,
): Route {
  return route(ENDPOINTS.computeStop, async (ctx) => {
    const { value } = await readJsonBody(ctx.req, bodyLimitBytes());
    ctx.body = await stop(checkedSigned(validate, parameters(ctx.query, value), ctx));
  });
}
