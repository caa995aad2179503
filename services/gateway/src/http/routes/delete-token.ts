/** `DELETE /api/services/deleteAuthToken`: takes a token back. */
import { DeleteTokenRequestSchema } from '@capstan/shared/contract/api';
import { ENDPOINTS } from '@capstan/shared/contract/endpoints';
import { compileInput } from '@capstan/shared/schema/input';
import { readJsonBody } from '../body.ts';
import { proofOf, signedOnly } from '../caller.ts';
import { checkedSigned, parameters } from '../input.ts';
import { networkIn } from '../limits.ts';
import type { TokenRequests } from '../../auth/token-requests.ts';
import { route, type Route } from '../route.ts';

const validate = compileInput(DeleteTokenRequestSchema);

export function deleteTokenRoute(revoke: TokenRequests['revoke'], bodyLimitBytes: () => number): Route {
  return route(ENDPOINTS.deleteAuthToken, async (ctx) => {
    const { value, bytes } = await readJsonBody(ctx.req, bodyLimitBytes());
    const proof = signedOnly(proofOf(ctx, ENDPOINTS.deleteAuthToken, bytes));
    await revoke(checkedSigned(validate, parameters(ctx.query, value), proof, 'address'), {
      proof,
      network: networkIn(ctx),
    });
    ctx.body = { success: 'Token has been deactivated.' };
  });
}
