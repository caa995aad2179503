/** `DELETE /api/services/deleteAuthToken`: takes a token back. */
import { DeleteTokenRequestSchema, type DeleteTokenRequest } from '@capstan/shared/contract/api';
import { ENDPOINTS } from '@capstan/shared/contract/endpoints';
import { compile } from '@capstan/shared/validate';
import { readJsonBody } from '../body.ts';
import { checked, parameters } from '../input.ts';
import { route, type Route } from '../route.ts';

const validate = compile(DeleteTokenRequestSchema);

export function deleteTokenRoute(
  revoke: (request: DeleteTokenRequest) => Promise<void>,
  bodyLimitBytes: () => number,
): Route {
  return route(ENDPOINTS.deleteAuthToken, async (ctx) => {
    const { value } = await readJsonBody(ctx.req, bodyLimitBytes());
    await revoke(checked(validate, parameters(ctx.query, value)));
    ctx.body = { success: 'Token has been deactivated.' };
  });
}
