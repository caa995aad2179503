/** `GET /api/services/createAuthToken`: a token that stands for a signature. */
import { CreateTokenQuerySchema } from '@capstan/shared/contract/api';
import { ENDPOINTS } from '@capstan/shared/contract/endpoints';
import { compileInput } from '@capstan/shared/schema/input';
import { proofOf, signedOnly } from '../caller.ts';
import { checkedSigned, parameters } from '../input.ts';
import { networkIn } from '../limits.ts';
import type { TokenRequests } from '../../auth/token-requests.ts';
import { route, type Route } from '../route.ts';

const validate = compileInput(CreateTokenQuerySchema);

export function createTokenRoute(create: TokenRequests['create']): Route {
  return route(ENDPOINTS.createAuthToken, async (ctx) => {
    const proof = signedOnly(proofOf(ctx, ENDPOINTS.createAuthToken));
    const request = checkedSigned(validate, parameters(ctx.query), proof, 'address');
    const token = await create(request, { proof, network: networkIn(ctx) });
    ctx.set('Cache-Control', 'no-store');
    ctx.body = { token };
  });
}
