/** The store of results that the settings name. */
import type { ResultsConfig } from '../config/results.ts';
import { CapstanError } from '../contract/errors.ts';
import { createIpfs } from './ipfs.ts';
import type { Objects } from './objects.ts';
import { createS3 } from './s3.ts';

/** Undefined for the folder. */
export function createObjects({ kind, s3, ipfs }: ResultsConfig): Objects | undefined {
  switch (kind) {
    case 'folder':
      return undefined;
    case 's3': {
      const { endpoint, bucket, accessKeyId, secretAccessKey, region, prefix } = s3;
      return createS3({
        endpoint: given('s3.endpoint', endpoint),
        bucket: given('s3.bucket', bucket),
        accessKeyId: given('s3.accessKeyId', accessKeyId),
        secretAccessKey: given('s3.secretAccessKey', secretAccessKey),
        region,
        prefix,
      });
    }
    case 'ipfs':
      return createIpfs({ ...ipfs, authorization: ipfs.authorization, apiUrl: given('ipfs.apiUrl', ipfs.apiUrl) });
  }
}

/** The configuration was refused if it is not. */
function given(name: string, value: string | undefined): string {
  if (value === undefined) throw new CapstanError('INVALID_CONFIG', `results.${name} is not set.`);
  return value;
}
