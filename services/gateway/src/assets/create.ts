/** Where this node knows assets from, as its configuration says. */
import type { Clock } from '@capstan/shared/runtime/clock';
import type { Config } from '@capstan/shared/config/schema';
import type { NodeKey } from '@capstan/shared/crypto/node-key';
import type { Chain } from '../chain/provider.ts';
import { createAssets, type Assets, type DdoSource } from './assets.ts';
import { createCatalogueList, type ListCatalogue } from './catalogue-list.ts';
import { createCatalogue } from './catalogue.ts';
import { createIndexed, type Indexed } from './indexed.ts';
import { createMetadataStore } from './metadata-store.ts';
import { createOpenRecorded, type OpenRecorded } from './recorded.ts';
import { createOnChain } from './on-chain.ts';
import { createUnpackApart, type Unpack } from './unpack-apart.ts';

interface AssetsOptions {
  readonly config: Pick<Config, 'assets' | 'gateway'>;
  readonly catalogueDir: string;
  readonly chains: ReadonlyMap<number, Chain>;
  readonly key: NodeKey;
  /** Where clients reach the node. */
  readonly publicUrl: () => string;
  readonly clock: Clock;
}

export interface KnownAssets extends Assets {
  /** What the operator offers. */
  readonly catalogue: DdoSource;
  readonly list: ListCatalogue;
  readonly indexed: Indexed;
  readonly recorded: OpenRecorded;
}

export function assetsOf(options: AssetsOptions): KnownAssets {
  const { catalogueDir: dir, chains, config, key, publicUrl, clock } = options;
  const catalogue = createCatalogue(dir);
  const unpack = createUnpackApart();
  return {
    ...findingIn(catalogue, unpack, options),
    catalogue,
    list: createCatalogueList({ dir, catalogue, clock }),
    indexed: createIndexed({ chains, freshMs: config.gateway.metadataFreshS * 1_000, publicUrl, clock }),
    recorded: createOpenRecorded(chains, key, unpack),
  };
}

function findingIn(catalogue: DdoSource, unpack: Unpack, { config, chains, key, clock }: AssetsOptions): Assets {
  const { metadataStoreUrl: url, metadataStoreTimeoutS, metadataFreshS } = config.gateway;
  if (url === undefined) return createAssets(catalogue);
  const timeoutMs = metadataStoreTimeoutS * 1_000;
  const freshMs = metadataFreshS * 1_000;
  const store = createMetadataStore({ url, timeoutMs, freshMs, clock });
  const { requireChain } = config.assets;
  return createAssets(catalogue, store, createOnChain({ chains, key, unpack, requireChain, freshMs, clock }));
}
