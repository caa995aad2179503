/** The routes about assets and their files. */
import type { Files } from '../../files/files.ts';
import type { Identify } from '../../auth/identify.ts';
import type { AskOutside } from '../../limits/outside-budget.ts';
import type { Route } from '../route.ts';
import { seal } from '@capstan/shared/crypto/seal';
import type { ValidateDescription } from '../../assets/validator.ts';
import type { CatalogueShown } from '../../files/catalogue-shown.ts';
import type { Download } from '../../files/download.ts';
import { createPlaces } from '../../limits/connection-limit.ts';
import type { Decrypt } from '../../files/decrypt.ts';
import { aquariusRoutes } from './aquarius.ts';
import { downloadRoute } from './download.ts';
import { decryptRoute } from './decrypt.ts';
import { encryptRoute } from './encrypt.ts';
import { fileInfoRoute } from './file-info.ts';
import { validateContainerRoute } from './validate-container.ts';

interface AssetRoutesOptions {
  readonly ask: Files;
  readonly shown: CatalogueShown;
  readonly validateDescription: ValidateDescription;
  readonly decrypt: Decrypt;
  readonly download: Download;
  readonly identify: Identify;
  readonly askOutside: AskOutside;
  readonly bodyLimitBytes: () => number;
  /** The node's: hex without `0x`. */
  readonly publicKey: string;
  readonly chainIds: readonly number[];
}

/** Downloads that may go on at a time. */
const DOWNLOADS = { maxFollowers: 100, maxFollowersPerNetwork: 10, what: 'downloads' };

export function assetRoutes(options: AssetRoutesOptions): readonly Route[] {
  const { ask, decrypt, publicKey, bodyLimitBytes } = options;
  return [
    encryptRoute({ ...options, seal: (bytes) => seal(publicKey, bytes) }),
    fileInfoRoute({ ...options, askFileInfo: ask.info }),
    downloadRoute({ ...options, takeDownload: createPlaces(DOWNLOADS) }),
    decryptRoute(decrypt, bodyLimitBytes),
    validateContainerRoute(bodyLimitBytes),
    ...aquariusRoutes(options),
  ];
}
