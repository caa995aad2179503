/** Where descriptions of assets come from: the node's own catalogue first, then the metadata store, if there is one. */
import type { Ddo } from '@capstan/shared/contract/ddo';

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

export function createAssets(catalogue: DdoSource, store?: DdoSource): Assets {
  return {
    async find(did) {
      const own = await catalogue.find(did);
      if (own) return { ddo: own, origin: 'catalogue' };
      const published = await store?.find(did);
      return published && { ddo: published, origin: 'store' };
    },
  };
}
