/** `DELETE /api/services/deleteAuthToken`: takes a token back. */
import { ENDPOINTS } from '@capstan/shared/contract/endpoints';
import type { TokenRequests } from '../../auth/token-requests.ts';
import { route } from '../route.ts';

export const deleteToken = (revoke: TokenRequests['revoke']) =>
  route(ENDPOINTS.deleteAuthToken, async ({ input, caller }) => {
    await revoke(input, caller);
    return { success: 'Token has been deactivated.' } as const;
  });
