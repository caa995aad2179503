/** Describes an asset the way Ocean's metadata does (DDO 4.x), with its files sealed to the node's key. */
import { createHash, randomBytes } from 'node:crypto';
import { getAddress, hexlify } from 'ethers';
import type { AssetFile, Container, Ddo } from '@capstan/shared/contract/ddo';
import { parseDid, type Did } from '@capstan/shared/contract/ids';
import { seal } from '@capstan/shared/seal';

export interface NewAsset {
  readonly type: 'dataset' | 'algorithm';
  readonly name: string;
  /** What consumers may do with it: download it, or only compute on it. */
  readonly access: 'access' | 'compute';
  /** Datasets only: whether consumers may bring code that nobody published. */
  readonly isRawAllowed?: boolean;
  /** Datasets only: whether algorithms may have a network beside it, where an environment offers one. */
  readonly isNetworkAllowed?: boolean;
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
  const { type, name, access, isRawAllowed = false, isNetworkAllowed = false, container } = asset;
  return {
    id: didOf(nftAddress, chainId),
    nftAddress,
    chainId,
    version: '4.5.0',
    metadata: { type, name, ...(container === undefined ? {} : { algorithm: { container } }) },
    services: [
      {
        id: randomBytes(8).toString('hex'),
        type: access,
        files: seal(publicKey, JSON.stringify({ datatokenAddress, nftAddress, files })),
        datatokenAddress,
        timeout: asset.timeoutS ?? 0,
        ...(access === 'compute'
          ? { compute: { allowRawAlgorithm: isRawAllowed, allowNetworkAccess: isNetworkAllowed } }
          : {}),
      },
    ],
  };
}

/** Where no token stands behind an asset: addresses that nobody else has. */
function unusedAddresses() {
  const unused = () => getAddress(hexlify(randomBytes(20)));
  return { nftAddress: unused(), datatokenAddress: unused() };
}

/** Ocean's rule: the DID follows from the asset's token and its chain. */
function didOf(nftAddress: string, chainId: number): Did {
  const hash = createHash('sha256').update(nftAddress + String(chainId));
  const did = parseDid(`did:op:${hash.digest('hex')}`);
  if (did === undefined) throw new TypeError('a sha256 always makes a DID');
  return did;
}
