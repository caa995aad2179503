/**
 * The greatest nonce of each address that signed something the node answered, and that has left nothing in the store: what it signed must not
 * count for anything else, and an address that anybody can make must not fill the store. So this is kept in memory, and each network
 * has its share of it: nobody makes the node forget what came from elsewhere.
 */
import type { Address, Nonce } from '@capstan/shared/contract/ids';
import { siteOf } from '../limits/sites.ts';
import { greaterNonce } from './nonce.ts';

export interface Strangers {
  last(address: Address): Nonce | undefined;
  /** That it signed with this nonce, from this network. */
  saw(address: Address, nonce: Nonce, network: string): void;
}

interface Bounds {
  readonly ofNetwork: number;
  readonly inAll: number;
}

/** About twenty megabytes, at most; whoever has a hundred networks can have the oldest forgotten. */
const BOUNDS: Bounds = { ofNetwork: 1_000, inAll: 100_000 };

export function createStrangers({ ofNetwork, inAll }: Bounds = BOUNDS): Strangers {
  const known = new Map<Address, { readonly nonce: Nonce; readonly network: string }>();
  /** The oldest first, as in all sets. */
  const networks = new Map<string, Set<Address>>();

  const forget = (address: Address) => {
    const network = known.get(address)?.network;
    known.delete(address);
    if (network === undefined) return;
    const others = networks.get(network);
    others?.delete(address);
    if (others?.size === 0) networks.delete(network);
  };

  return {
    last: (address) => known.get(address)?.nonce,
    saw(address, nonce, from) {
      const network = siteOf(from);
      const before = known.get(address)?.nonce;
      forget(address);
      const own = networks.get(network) ?? new Set();
      if (own.size >= ofNetwork) forgetOldest(own, forget);
      if (known.size >= inAll) forgetOldest(known.keys(), forget);
      known.set(address, { nonce: before === undefined ? nonce : greaterNonce(before, nonce), network });
      networks.set(network, own.add(address));
    },
  };
}

function forgetOldest(oldestFirst: Iterable<Address>, forget: (address: Address) => void): void {
  for (const oldest of oldestFirst) return forget(oldest);
}
