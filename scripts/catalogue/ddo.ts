/** Describes an asset the way Ocean's metadata does (DDO 4.x), with its files sealed to the node's key. */
import { randomBytes } from 'node:crypto';
import { getAddress, hexlify } from 'ethers';
import type { AssetFile, Container, Ddo, Service } from '@capstan/shared/contract/ddo';
import { assetDid } from '@capstan/shared/assets/asset-did';
import { seal } from '@capstan/shared/crypto/seal';

/** Which published algorithms may run on a dataset. */
export type Trust = Pick<
  NonNullable<Service['compute']>,
  'publisherTrustedAlgorithms' | 'publisherTrustedAlgorithmPublishers'
>;

export interface NewAsset {
  readonly type: 'dataset' | 'algorithm';
  readonly name: string;
  /** What consumers may do with it: download it, or only compute on it. */
  readonly access: 'access' | 'compute';
  /** Datasets only: whether consumers may bring code that nobody published. */
  readonly isRawAllowed?: boolean;
  /** Datasets only: whether algorithms may have a network beside it, where an environment offers one. */
  readonly isNetworkAllowed?: boolean;
  /** A paragraph for consumers. */
  readonly description?: string | undefined;
  /** Datasets only: which published algorithms may run on it; any, if absent. */
  readonly trust?: Trust;
  readonly credentials?: Ddo['credentials'];
  /** Algorithms only: what runs them. */
  readonly container?: Container;
  /** The tokens that stand for it on a chain, if there are any. */
  readonly token?: { readonly nftAddress: string; readonly datatokenAddress: string };
  /** Seconds that an order lasts; for ever, if absent. */
  readonly timeoutS?: number;
}

interface Describing {
  readonly asset: NewAsset;
  readonly files: readonly AssetFile[];
  readonly chainId: number;
  /** The node's public key: only that node can read where the files are. */
  readonly publicKey: string;
}

export function describeAsset({ asset, files, chainId, publicKey }: Describing): Ddo {
  const { nftAddress, datatokenAddress } = asset.token ?? unusedAddresses();
  const { access, isRawAllowed = false, isNetworkAllowed = false, trust = {} } = asset;
  const id = assetDid(nftAddress, chainId);
  if (id === undefined) throw new TypeError(`${nftAddress} is not an address`);
  return {
    id,
    nftAddress,
    chainId,
    version: '4.5.0',
    metadata: metadataOf(asset),
    services: [
      {
        id: randomBytes(8).toString('hex'),
        type: access,
        files: seal(publicKey, JSON.stringify({ datatokenAddress, nftAddress, files })),
        datatokenAddress,
        timeout: asset.timeoutS ?? 0,
        ...(access === 'compute'
          ? { compute: { allowRawAlgorithm: isRawAllowed, allowNetworkAccess: isNetworkAllowed, ...trust } }
          : {}),
      },
    ],
    ...(asset.credentials === undefined ? {} : { credentials: asset.credentials }),
  };
}

/** `description` is for consumers: the node itself reads none. */
function metadataOf({ type, name, description, container }: NewAsset): Ddo['metadata'] {
  const metadata = {
    type,
    name,
    ...(description === undefined ? {} : { description }),
    ...(container === undefined ? {} : { algorithm: { container } }),
  };
  return metadata;
}

/** Where no token stands behind an asset: addresses that nobody else has. */
function unusedAddresses() {
  const unused = () => getAddress(hexlify(randomBytes(20)));
  return { nftAddress: unused(), datatokenAddress: unused() };
}
