/** `DELETE /api/services/compute`: delete jobs with everything that belongs to them. */
import { DeleteRequestSchema, type DeleteRequest, type StatusObject } from '@capstan/shared/contract/api';
import { ENDPOINTS } from '@capstan/shared/contract/endpoints';
import { compile } from '@capstan/shared/validate';
import { readJsonBody } from '../body.ts';
import { checkedSigned, parameters } from '../input.ts';
import { route, type Route } from '../route.ts';

const validate = compile(DeleteRequestSchema);

export function deleteComputeRoute(
  remove: (request: DeleteRequest & { readonly token?: string }) => Promise<readonly StatusObject[]>,
  bodyLimitBytes: () => number,
): Route {
  return route(ENDPOINTS.computeDelete, async (ctx) => {
    const { value } = await readJsonBody(ctx.req, bodyLimitBytes());
    ctx.body = await remove(checkedSigned(validate, parameters(ctx.query, value), ctx));
  });
}
