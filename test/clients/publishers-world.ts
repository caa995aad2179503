/** What those who publish with ocean.js need about them: a node and its catalogue, a chain, an indexer, files at addresses, an image with a digest. */
import { randomBytes } from 'node:crypto';
import { Wallet } from 'ethers';
import type { Container } from '@capstan/shared/contract/ddo';
import { askEngine } from '../../scripts/parts/engine.ts';
import { startRegistry } from '../../scripts/parts/registry.ts';
import { temporaryFolder } from '../../scripts/parts/temporary-folder.ts';
import { startAssetServer } from '../support/asset-server.ts';
import { deployDispenser } from '../support/chain/dispenser.ts';
import { createIndexer } from '../support/chain/indexer.ts';
import { startMarket, type Market } from '../support/chain/market.ts';
import { push, smallImage } from '../support/runner/small-image.ts';
import { createTrader, type Trader } from './ocean-js-market.ts';
import { createPublisher, type Publisher } from './ocean-js-publisher.ts';
import { createShelf, type Shelf } from './ocean-js-shelf.ts';

/** Somebody with a key: the node is their provider and their metadata store. */
export interface Person {
  readonly trader: Trader;
  readonly shelf: Shelf;
  readonly publisher: Publisher;
}

export interface PublishersWorld extends AsyncDisposable {
  readonly market: Market;
  readonly dispenser: string;
  /** Runs shell scripts, by its digest. */
  readonly container: Container;
  person(account: number): Person;
  /** The address of a file that says this. */
  serve(text: string): string;
  /** Has the node open what a transaction recorded, and keeps it in its catalogue. */
  index(transaction: string): Promise<void>;
}

export async function startPublishersWorld(): Promise<PublishersWorld> {
  await using releases = new AsyncDisposableStack();
  const server = releases.use(await startAssetServer());
  const folder = releases.use(await temporaryFolder('registry'));
  const registry = releases.use(await startRegistry({ dir: folder.path }));
  const image = await smallImage();
  await push(registry, 'tool:1', image);
  const name = `${registry.host}/tool`;
  const { digest } = image.manifest;
  releases.defer(async () => void (await askEngine('DELETE', `/images/${name}@${digest}?force=1`)));
  const wallet = new Wallet(Wallet.createRandom().privateKey);
  const market = releases.use(
    await startMarket({
      CAPSTAN_RUNNER_IMAGES_REGISTRIES: JSON.stringify([registry.host]),
      CAPSTAN_RUNNER_FETCH_ALLOW_PRIVATE: '["127.0.0.0/8"]',
      CAPSTAN_GATEWAY_DECRYPTERS: wallet.address,
    }),
  );
  const { chain, node, ocean } = market;
  const dispenser = await deployDispenser(ocean);
  const indexer = createIndexer({ chainId: chain.chainId, keep: (ddo) => node.writeDdo(ddo) }, wallet);
  const kept = releases.move();
  return {
    market,
    dispenser,
    container: { image: name, tag: '1', entrypoint: 'sh $ALGO', checksum: digest },
    person(account) {
      const trader = createTrader(ocean.account(account).privateKey, chain.url);
      const shelf = createShelf(trader.signer, { factory: ocean.factory, dispenser });
      return { trader, shelf, publisher: createPublisher('3.4', trader.signer, node.url) };
    },
    serve: (body) => server.serve(`/${randomBytes(6).toString('hex')}`, { kind: 'file', body }),
    async index(transaction) {
      await indexer.index(node.url, transaction);
    },
    async [Symbol.asyncDispose]() {
      await kept.disposeAsync();
    },
  };
}
