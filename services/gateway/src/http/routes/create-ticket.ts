/** `POST /api/services/compute/ticket`: a ticket for one connection, to stand in its address. */
import { TicketRequestSchema } from '@capstan/shared/contract/api';
import { ENDPOINTS } from '@capstan/shared/contract/endpoints';
import { compile } from '@capstan/shared/validate';
import type { Tickets } from '../../auth/tickets.ts';
import type { Identify, Identity } from '../../jobs/identify.ts';
import { readJsonBody } from '../body.ts';
import { tokenIn } from '../caller.ts';
import { checked, parameters } from '../input.ts';
import { route, type Route } from '../route.ts';

const validate = compile(TicketRequestSchema);

interface TicketRouteOptions {
  readonly identify: Identify;
  readonly tickets: Pick<Tickets<Identity>, 'issue'>;
  readonly bodyLimitBytes: () => number;
}

export function createTicketRoute({ identify, tickets, bodyLimitBytes }: TicketRouteOptions): Route {
  return route(ENDPOINTS.createTicket, async (ctx) => {
    const { value } = await readJsonBody(ctx.req, bodyLimitBytes());
    const proof = checked(validate, parameters(ctx.query, value));
    const identity = await identify({ ...proof, token: tokenIn(ctx) });
    const { ticket, expiresAtMs } = tickets.issue(identity);
    ctx.set('Cache-Control', 'no-store');
    ctx.body = { ticket, expires: expiresAtMs / 1000 };
  });
}
