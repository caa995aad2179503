/** `GET /api/services/createAuthToken`: a token that stands for a signature. */
import { ENDPOINTS } from '@capstan/shared/contract/endpoints';
import type { TokenRequests } from '../../auth/token-requests.ts';
import { route } from '../route.ts';

export const createToken = (create: TokenRequests['create']) =>
  route(ENDPOINTS.createAuthToken, async ({ input, caller, ctx }) => {
    const token = await create(input, caller);
    ctx.set('Cache-Control', 'no-store');
    return { token };
  });
