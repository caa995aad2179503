/**
 * Tickets: what stands in the place of a token where only an address can be given, as browsers have it for EventSource and WebSocket. It
 * lasts for seconds and counts once, so an address that ends in a log is worth nothing. Kept in memory: a restart forgets them.
 */
import { randomBytes } from 'node:crypto';
import type { Clock } from '@capstan/shared/clock';

const LASTS_MS = 30_000;
/** Beyond this many at once, the oldest are forgotten. */
const MOST = 10_000;

export interface Tickets<Holder> {
  /** `endsAtMs`: when what the holder rests on ends, at the latest. */
  issue(holder: Holder, endsAtMs?: number): { readonly ticket: string; readonly expiresAtMs: number };
  /** Whom a ticket stands for; from then on for nobody. */
  redeem(ticket: string): Holder | undefined;
}

export function createTickets<Holder>(clock: Clock): Tickets<Holder> {
  /** In the order in which they were issued. One that ends early is forgotten with those around it. */
  const issued = new Map<string, { readonly holder: Holder; readonly expiresAtMs: number }>();

  const forgetOld = () => {
    for (const [ticket, { expiresAtMs }] of issued) {
      if (expiresAtMs > clock.now() && issued.size <= MOST) return;
      issued.delete(ticket);
    }
  };

  return {
    issue(holder, endsAtMs = Number.POSITIVE_INFINITY) {
      const ticket = randomBytes(24).toString('base64url');
      const expiresAtMs = Math.min(clock.now() + LASTS_MS, endsAtMs);
      issued.set(ticket, { holder, expiresAtMs });
      forgetOld();
      return { ticket, expiresAtMs };
    },
    redeem(ticket) {
      const found = issued.get(ticket);
      issued.delete(ticket);
      return found && found.expiresAtMs > clock.now() ? found.holder : undefined;
    },
  };
}
