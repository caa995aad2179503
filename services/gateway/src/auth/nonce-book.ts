/**
 * Which nonces may take effect: those greater than any of an accepted signature. Acts use theirs up, in the transaction of their effect;
 * statuses only raise the mark, so that what was signed to ask is never taken for an act. Of an address that has left nothing in the store,
 * the mark is in memory.
 */
import { LRUCache } from 'lru-cache';
import { atMost } from '@capstan/shared/runtime/at-most';
import type { Address, Nonce } from '@capstan/shared/contract/ids';
import type { Store } from '../store/store.ts';
import { invalidSignature } from './invalid-signature.ts';
import { boundAfter, greaterNonce, isFresh } from './nonce.ts';
import { createStrangers } from './strangers.ts';

/** So many addresses are known exactly; of others, the bound in the store counts. */
const MANY = 10_000;

export interface NonceBook {
  /** The greatest nonce of any accepted signature of an address, or one that is hardly greater. */
  highest(address: Address): Nonce | undefined;
  /** Whether a status with this nonce, of a text that is not known, can not have been an act. */
  isNewForStatus(address: Address, nonce: Nonce): boolean;
  /** Throws INVALID_SIGNATURE for a nonce that can take no effect. */
  require(address: Address, nonce: Nonce): void;
  /**
   * Uses it up; inside the transaction of the effect that it stands for. Throws INVALID_SIGNATURE, or, where an address that was never here
   * comes from a network with too many of them, TOO_MANY_REQUESTS.
   */
  spend(address: Address, nonce: Nonce, network: string): void;
  /** The same for a request that touched nothing: an address that was never here leaves no trace in the store. */
  spendIfKnown(address: Address, nonce: Nonce, network: string): void;
  /** That a status was signed with it. Resolves once that outlasts the node. */
  seen(address: Address, nonce: Nonce): Promise<void>;
  /** The same for a status about no job of theirs: of an address that was never here, only as long as the node lives. */
  seenIfKnown(address: Address, nonce: Nonce, network: string): Promise<void>;
}

/** `admitNew` throws for a network that has brought too many addresses. */
export function createNonceBook(
  store: Pick<Store, 'nonces' | 'write'>,
  admitNew: (network: string) => void = () => undefined,
): NonceBook {
  const seen = new LRUCache<Address, Nonce>(atMost(MANY));
  const strangers = createStrangers();

  const highest = (address: Address): Nonce | undefined => {
    const kept = inStore(address);
    const asStranger = strangers.last(address);
    return kept === undefined || asStranger === undefined ? (kept ?? asStranger) : greaterNonce(kept, asStranger);
  };
  const inStore = (address: Address): Nonce | undefined => {
    const known = store.nonces.find(address);
    if (!known) return store.nonces.last(address);
    const exact = seen.get(address);
    return exact === undefined ? known.bound : greaterNonce(exact, known.acted);
  };
  const require = (address: Address, nonce: Nonce) => {
    const last = highest(address);
    if (isFresh(nonce, last)) return;
    throw invalidSignature(
      `The nonce ${nonce} is used up: the last one of ${address} is ${last}, statuses included. Sign with a greater one, such as the time in milliseconds.`,
    );
  };
  const spend = (address: Address, nonce: Nonce, network: string) => {
    require(address, nonce);
    if (!store.nonces.find(address)) admitNew(network);
    store.nonces.use(address, nonce);
  };

  const keep = async (address: Address, nonce: Nonce): Promise<void> => {
    const known = store.nonces.find(address);
    // Whoever has a job here has used a nonce, unless by a token alone.
    const last = highest(address);
    if (known && last !== undefined && !isFresh(nonce, last)) return;
    seen.set(address, nonce);
    if (!known) return store.write(() => store.nonces.use(address, nonce));
    if (!isFresh(nonce, known.bound)) return;
    await store.write(() => {
      const now = store.nonces.find(address);
      if (!now || isFresh(nonce, now.bound)) store.nonces.raise(address, boundAfter(nonce));
    });
  };

  return {
    highest,
    isNewForStatus: (address, nonce) => isFresh(nonce, store.nonces.find(address)?.acted ?? store.nonces.last(address)),
    require,
    spend,
    spendIfKnown(address, nonce, network) {
      if (store.nonces.find(address)) return spend(address, nonce, network);
      require(address, nonce);
      strangers.saw(address, nonce, network);
    },
    seen: keep,
    async seenIfKnown(address, nonce, network) {
      if (store.nonces.find(address)) return keep(address, nonce);
      strangers.saw(address, nonce, network);
    },
  };
}
