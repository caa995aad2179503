/** The handlers of the routes about what stands for a signature: tokens, and tickets of one connection. */
import type { Identify, Identity } from '../../auth/identify.ts';
import type { TokenRequests } from '../../auth/token-requests.ts';
import type { Tickets } from '../../auth/tickets.ts';
import { createTicket } from './create-ticket.ts';
import { createToken } from './create-token.ts';
import { deleteToken } from './delete-token.ts';

interface TokenRoutesOptions {
  readonly identify: Identify;
  readonly tickets: Pick<Tickets<Identity>, 'issue'>;
  readonly tokenRequests: Pick<TokenRequests, 'create' | 'revoke'>;
}

export function tokenHandlers({ tokenRequests, ...by }: TokenRoutesOptions) {
  return {
    createTicket: createTicket(by),
    createAuthToken: createToken(tokenRequests.create),
    deleteAuthToken: deleteToken(tokenRequests.revoke),
  };
}
