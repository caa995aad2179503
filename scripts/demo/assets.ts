/** What the demo computes on, and with: published in the demo node's own catalogue, as an owner would. */
import { join } from 'node:path';
import type { Ddo } from '@capstan/shared/contract/ddo';
import { loadConfig } from '@capstan/shared/config/load';
import { loadOrCreateNodeKey } from '@capstan/shared/crypto/node-key';
import type { NewAsset } from '../catalogue/ddo.ts';
import { openCatalogue, type Catalogue } from '../catalogue/catalogue.ts';
import type { Order } from '../parts/consumer.ts';
import { freeOrder } from '../parts/consumer.ts';
import { ROOT } from '../parts/service.ts';

/** Built by the set-up from this machine's own files; see scripts/bootstrap/demo-image.mjs. */
export const DEMO_IMAGE = { image: 'localhost/capstan/node-demo', tag: '24' } as const;

/** The setting of a node that lets jobs have it: no registry does. */
export const DEMO_IMAGE_ALLOWED = { CAPSTAN_RUNNER_IMAGES_LOCAL: DEMO_IMAGE.image } as const;

export interface DemoAssets {
  readonly dataset: Ddo;
  readonly algorithm: Ddo;
}

/** The catalogue of a node that has `dataDir` for itself. The node's key is made if the node has not done so. */
export async function catalogueIn(dataDir: string): Promise<Catalogue> {
  const { gateway } = loadConfig({}, dataDir);
  const key = await loadOrCreateNodeKey(join(dataDir, 'node.key'));
  return openCatalogue({ dir: join(dataDir, 'catalogue'), key, chainId: gateway.chainId });
}

/** The tokens that stand for the two on a chain, where they are sold. */
export interface DemoTokens {
  readonly dataset: NonNullable<NewAsset['token']>;
  readonly algorithm: NonNullable<NewAsset['token']>;
}

export async function publishDemoAssets(catalogue: Catalogue, tokens?: DemoTokens): Promise<DemoAssets> {
  const tokenOf = (asset: keyof DemoAssets) => (tokens === undefined ? {} : { token: tokens[asset] });
  const dataset = await catalogue.add(
    { type: 'dataset', name: 'Weather of Seattle and New York', access: 'compute', ...tokenOf('dataset') },
    [join(ROOT, 'demo', 'data', 'weather.csv')],
  );
  const algorithm = await catalogue.add(
    {
      type: 'algorithm',
      name: 'Which city is the rainy one?',
      access: 'access',
      container: { ...DEMO_IMAGE, entrypoint: 'node $ALGO' },
      ...tokenOf('algorithm'),
    },
    [join(ROOT, 'demo', 'algorithm.js')],
  );
  return { dataset, algorithm };
}

export function demoOrder({ dataset, algorithm }: DemoAssets, environment: string): Order {
  return {
    environment,
    dataset: assetOrder(dataset),
    algorithm: { ...assetOrder(algorithm), algocustomdata: { wetDayMm: 0.25 } },
  };
}

/** An order of an asset's first service, where orders are free. */
export function assetOrder(ddo: Ddo): { documentId: string; serviceId: string; transferTxId: string } {
  return { documentId: ddo.id, serviceId: ddo.services[0]?.id ?? '', transferTxId: freeOrder() };
}
