/** What the node says of assets to others: its catalogue, files, and what it opens for indexers. Put together. */
import type { Clock } from '@capstan/shared/runtime/clock';
import type { NodeKey } from '@capstan/shared/crypto/node-key';
import type { KnownAssets } from '../assets/create.ts';
import { createValidator } from '../assets/validator.ts';
import type { Authenticate } from '../auth/authenticate.ts';
import type { NonceBook } from '../auth/nonce-book.ts';
import type { Orders } from '../orders/orders.ts';
import type { Store } from '../store/store.ts';
import { createCatalogueShown } from './catalogue-shown.ts';
import { createDecrypt } from './decrypt.ts';
import type { Delivery } from './delivery.ts';
import { createDownload } from './download.ts';
import type { Files } from './files.ts';

interface OfferedOptions {
  readonly files: Files;
  readonly assets: KnownAssets;
  readonly key: NodeKey;
  readonly decrypters: readonly string[];
  readonly authenticate: Authenticate;
  readonly nonces: NonceBook;
  readonly store: Store;
  readonly orders: Orders;
  readonly delivery: Delivery;
  /** Encrypts to the node's key. */
  readonly seal: (text: string) => string;
  readonly clock: Clock;
}

export function createOffered({ files, assets, key, ...options }: OfferedOptions) {
  return {
    ask: files,
    shown: createCatalogueShown(assets),
    validateDescription: createValidator(key),
    download: createDownload({ ...options, assets, fetchFile: files.fetch }),
    decrypt: createDecrypt({ ...options, recorded: assets.recorded }),
  };
}
