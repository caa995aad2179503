/** The handlers of the routes about assets and their files. */
import { seal } from '@capstan/shared/crypto/seal';
import type { ValidateDescription } from '../../assets/validator.ts';
import type { CatalogueShown } from '../../files/catalogue-shown.ts';
import type { Decrypt } from '../../files/decrypt.ts';
import type { Download } from '../../files/download.ts';
import type { Files } from '../../files/files.ts';
import { createConnectionLimit } from '../../limits/connection-limit.ts';
import type { AskOutside } from '../../limits/outside-budget.ts';
import { assetDescription, queryAssets, validateAsset } from './aquarius.ts';
import { decryptRecorded } from './decrypt.ts';
import { downloadFile } from './download.ts';
import { encrypt } from './encrypt.ts';
import { fileInfo } from './file-info.ts';
import { validateContainer } from './validate-container.ts';

interface AssetRoutesOptions {
  readonly ask: Files;
  readonly shown: CatalogueShown;
  readonly validateDescription: ValidateDescription;
  readonly decrypt: Decrypt;
  readonly download: Download;
  readonly askOutside: AskOutside;
  /** The node's: hex without `0x`. */
  readonly publicKey: string;
  readonly chainIds: readonly number[];
}

/** Downloads that may go on at a time. */
const DOWNLOADS = { maxFollowers: 100, maxFollowersPerNetwork: 10, what: 'downloads' };

export function assetHandlers(options: AssetRoutesOptions) {
  const { ask, shown, validateDescription, decrypt, askOutside, publicKey } = options;
  return {
    encrypt: encrypt({ ...options, seal: (bytes) => seal(publicKey, bytes) }),
    fileinfo: fileInfo(ask.info, askOutside),
    validateContainer: validateContainer(),
    decrypt: decryptRecorded(decrypt),
    download: downloadFile({ ...options, takeDownload: createConnectionLimit(DOWNLOADS) }),
    assetDescription: assetDescription(shown),
    validateAsset: validateAsset(validateDescription),
    queryAssets: queryAssets(shown),
  };
}
