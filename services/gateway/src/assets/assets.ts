/** Where descriptions of assets come from: the node's own catalogue first, then the metadata store, if there is one. */
import type { Ddo } from '@capstan/shared/contract/ddo';
import type { OnChain } from './on-chain.ts';

export interface DdoSource {
  /** The asset's description, or undefined if there is no such asset. */
  find(did: string): Promise<Ddo | undefined>;
}

/** A description, and who vouches for it: the operator who filled the catalogue, or whoever published it. */
export interface Asset {
  readonly ddo: Ddo;
  readonly origin: 'catalogue' | 'store';
}

export interface Assets {
  find(did: string): Promise<Asset | undefined>;
}

/** `onChain`: what makes of a published description the one to act on. */
export function createAssets(catalogue: DdoSource, store?: DdoSource, onChain?: OnChain): Assets {
  return {
    async find(did) {
      const own = await catalogue.find(did);
      if (own) return { ddo: own, origin: 'catalogue' };
      const published = await store?.find(did);
      if (!published) return undefined;
      // Of one that is not active any more nothing is left to confirm, and nothing can be ordered.
      const isLeftover = published.services.length === 0;
      return { ddo: isLeftover || !onChain ? published : await onChain.confirm(published), origin: 'store' };
    },
  };
}

/** The same, as one request sees them: each description is read once, however often and whenever it is needed. */
export function readOnce(assets: Assets): Assets {
  const read = new Map<string, Promise<Asset | undefined>>();
  return {
    find(did) {
      const found = read.get(did) ?? assets.find(did);
      read.set(did, found);
      return found;
    },
  };
}
