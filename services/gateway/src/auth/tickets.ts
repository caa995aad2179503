/**
 * Tickets: what stands in the place of a token where only an address can be given, as browsers have it for EventSource and WebSocket. It
 * lasts for seconds and counts once, so an address that ends in a log is worth nothing. Kept in memory: a restart forgets them. Each network
 * has its share, so that nobody makes the node forget what others were given.
 */
import { randomBytes } from 'node:crypto';
import type { Clock } from '@capstan/shared/runtime/clock';
import { siteOf } from '../limits/sites.ts';

const LASTS_MS = 30_000;

interface Bounds {
  readonly ofNetwork: number;
  readonly inAll: number;
}

/** Beyond so many at once, the oldest are forgotten. Some thirty megabytes, at most. */
const BOUNDS: Bounds = { ofNetwork: 1_000, inAll: 100_000 };

export interface Tickets<Holder> {
  /** `endsAtMs`: when what the holder rests on ends, at the latest. */
  issue(holder: Holder, network: string, endsAtMs?: number): { readonly ticket: string; readonly expiresAtMs: number };
  /** Whom a ticket stands for; from then on for nobody. */
  redeem(ticket: string): Holder | undefined;
}

interface Issued<Holder> {
  readonly holder: Holder;
  readonly network: string;
  readonly expiresAtMs: number;
}

export function createTickets<Holder>(clock: Clock, { ofNetwork, inAll }: Bounds = BOUNDS): Tickets<Holder> {
  /** In the order in which they were issued. One that ends early is forgotten with those around it. */
  const issued = new Map<string, Issued<Holder>>();
  /** The same of each network. */
  const networks = new Map<string, Set<string>>();

  const forget = (ticket: string) => {
    const network = issued.get(ticket)?.network;
    issued.delete(ticket);
    if (network === undefined) return;
    const others = networks.get(network);
    others?.delete(ticket);
    if (others?.size === 0) networks.delete(network);
  };

  const forgetOld = () => {
    for (const [ticket, { expiresAtMs }] of issued) {
      if (expiresAtMs > clock.now() && issued.size <= inAll) return;
      forget(ticket);
    }
  };

  const keep = (ticket: string, entry: Issued<Holder>) => {
    const own = networks.get(entry.network) ?? new Set();
    const [oldest] = own;
    if (own.size >= ofNetwork && oldest !== undefined) forget(oldest);
    issued.set(ticket, entry);
    networks.set(entry.network, own.add(ticket));
  };

  return {
    issue(holder, network, endsAtMs = Number.POSITIVE_INFINITY) {
      const ticket = randomBytes(24).toString('base64url');
      const expiresAtMs = Math.min(clock.now() + LASTS_MS, endsAtMs);
      keep(ticket, { holder, network: siteOf(network), expiresAtMs });
      forgetOld();
      return { ticket, expiresAtMs };
    },
    redeem(ticket) {
      const found = issued.get(ticket);
      forget(ticket);
      return found && found.expiresAtMs > clock.now() ? found.holder : undefined;
    },
  };
}
