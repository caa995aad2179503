/** Descriptions of assets on a chain: as their owner publishes them, and as whoever runs a metadata store would like them. */
import { Wallet } from 'ethers';
import type { Ddo } from '@capstan/shared/contract/ddo';
import type { NodeKey } from '@capstan/shared/crypto/node-key';
import { publicKeyOf } from '@capstan/shared/crypto/seal';
import { describeAsset } from '../../../scripts/catalogue/ddo.ts';
import type { TokenPair } from '../../../scripts/parts/ocean.ts';

interface Described {
  readonly name: string;
  readonly chainId: number;
  /** Of the node that its files are sealed to. */
  readonly key: NodeKey;
}

/** A dataset that takes published algorithms only. */
export const describedAsset = (token: TokenPair, { name, chainId, key }: Described): Ddo =>
  describeAsset({
    asset: { type: 'dataset', name, access: 'compute', isRawAllowed: false, token },
    files: [{ type: 'url', url: 'https://data.example/a' }],
    chainId,
    publicKey: publicKeyOf(key),
  });

/** What a store says whose operator lets everybody at the data. */
export const loosened = (ddo: Ddo): Ddo => ({
  ...ddo,
  services: ddo.services.map((service) => ({ ...service, compute: { allowRawAlgorithm: true } })),
  nft: { state: 0, owner: Wallet.createRandom().address },
  indexedMetadata: { nft: { state: 0 } },
});
