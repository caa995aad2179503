/** `POST /api/services/compute/ticket`: a ticket for one connection, to stand in its address. */
import { ENDPOINTS } from '@capstan/shared/contract/endpoints';
import type { Identify, Identity } from '../../auth/identify.ts';
import type { Tickets } from '../../auth/tickets.ts';
import { route } from '../route.ts';

interface TicketOptions {
  readonly identify: Pick<Identify, 'act'>;
  readonly tickets: Pick<Tickets<Identity>, 'issue'>;
}

export const createTicket = ({ identify, tickets }: TicketOptions) =>
  route(ENDPOINTS.createTicket, async ({ input, caller, ctx }) => {
    const identity = await identify.act(input, caller);
    const endsAtMs = identity.claims && identity.claims.exp * 1_000;
    const { ticket, expiresAtMs } = tickets.issue(identity, caller.network, endsAtMs);
    ctx.set('Cache-Control', 'no-store');
    return { ticket, expires: expiresAtMs / 1000 };
  });
