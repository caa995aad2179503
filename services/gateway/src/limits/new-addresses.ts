/** How many addresses a network may bring to the node: their last nonces are kept for ever, and an address costs nothing. */
import type { Clock } from '@capstan/shared/runtime/clock';
import { createRateLimit, type RateLimit } from './rate-limit.ts';

const HOUR_S = 3_600;

/** Throws TOO_MANY_REQUESTS. Asked only of those that were never here before, and only when something is stored for them. */
export function createNewAddresses(perHour: number, clock: Clock): RateLimit {
  const limit = createRateLimit({ perSecond: perHour / HOUR_S, burst: perHour }, clock);
  return (network) => {
    if (network !== '') limit(network);
  };
}
