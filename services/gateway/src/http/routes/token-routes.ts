/** The routes about what stands for a signature: tokens, and tickets of one connection. */
import type { Identify, Identity } from '../../auth/identify.ts';
import type { TokenRequests } from '../../auth/token-requests.ts';
import type { Tickets } from '../../auth/tickets.ts';
import type { Route } from '../route.ts';
import { createTicketRoute } from './create-ticket.ts';
import { createTokenRoute } from './create-token.ts';
import { deleteTokenRoute } from './delete-token.ts';

interface TokenRoutesOptions {
  readonly identify: Identify;
  readonly tickets: Pick<Tickets<Identity>, 'issue'>;
  readonly tokenRequests: Pick<TokenRequests, 'create' | 'revoke'>;
}

export function tokenRoutes({ tokenRequests, ...by }: TokenRoutesOptions, bodyLimitBytes: () => number): Route[] {
  return [
    createTicketRoute({ ...by, bodyLimitBytes }),
    createTokenRoute(tokenRequests.create),
    deleteTokenRoute(tokenRequests.revoke, bodyLimitBytes),
  ];
}
