/** `POST /api/services/compute/ticket`: a ticket for one connection, to stand in its address. */
import { TicketRequestSchema } from '@capstan/shared/contract/api';
import { ENDPOINTS } from '@capstan/shared/contract/endpoints';
import { compileInput } from '@capstan/shared/schema/input';
import type { Tickets } from '../../auth/tickets.ts';
import type { Identify, Identity } from '../../auth/identify.ts';
import { readJsonBody } from '../body.ts';
import { networkIn } from '../limits.ts';
import { proofOf } from '../caller.ts';
import { checked, parameters } from '../input.ts';
import { route, type Route } from '../route.ts';

const validate = compileInput(TicketRequestSchema);

interface TicketRouteOptions {
  readonly identify: Identify;
  readonly tickets: Pick<Tickets<Identity>, 'issue'>;
  readonly bodyLimitBytes: () => number;
}

export function createTicketRoute({ identify, tickets, bodyLimitBytes }: TicketRouteOptions): Route {
  return route(ENDPOINTS.createTicket, async (ctx) => {
    const { value, bytes } = await readJsonBody(ctx.req, bodyLimitBytes());
    const asked = checked(validate, parameters(ctx.query, value));
    const network = networkIn(ctx);
    const identity = await identify.act(asked, { proof: proofOf(ctx, ENDPOINTS.createTicket, bytes), network });
    const { ticket, expiresAtMs } = tickets.issue(identity, network, identity.claims && identity.claims.exp * 1_000);
    ctx.set('Cache-Control', 'no-store');
    ctx.body = { ticket, expires: expiresAtMs / 1000 };
  });
}
