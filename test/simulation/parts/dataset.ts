/** The one dataset of the simulation. Another provider holds its files, so that nothing has to be decrypted. */
import type { Ddo } from '@capstan/shared/contract/ddo';
import type { Did } from '@capstan/shared/contract/ids';

export const DATASET: Ddo = {
  id: `did:op:${'d'.repeat(64)}` as Did,
  nftAddress: `0x${'1'.repeat(40)}`,
  chainId: 8996,
  version: '4.5.0',
  metadata: { type: 'dataset', name: 'simulated' },
  services: [
    {
      id: 'compute',
      type: 'compute',
      files: '0x00',
      datatokenAddress: `0x${'2'.repeat(40)}`,
      serviceEndpoint: 'https://elsewhere.example',
      timeout: 0,
      compute: { allowRawAlgorithm: true, allowNetworkAccess: false },
    },
  ],
};
