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
  /** Algorithms only: what runs them. */
  readonly container?: Container;
}

interface Describing {
  readonly asset: NewAsset;
  readonly files: readonly AssetFile[];
  readonly chainId: number;
  /** The node's public key: only that node can read where the files are. */
  readonly publicKey: string;
}

export function describeAsset({ asset, files, chainId, publicKey }: Describing): Ddo {
  // No token stands behind them yet: addresses that nobody else has.
  const nftAddress = getAddress(hexlify(randomBytes(20)));
  const datatokenAddress = getAddress(hexlify(randomBytes(20)));
  const { type, name, access, isRawAllowed = false, container } = asset;
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
        timeout: 0,
        ...(access === 'compute' ? { compute: { allowRawAlgorithm: isRawAllowed, allowNetworkAccess: false } } : {}),
      },
    ],
  };
}

/** Ocean's rule: the DID follows from the asset's token and its chain. */
function didOf(nftAddress: string, chainId: number): Did {
  const hash = createHash('sha256').update(nftAddress + String(chainId));
  const did = parseDid(`did:op:${hash.digest('hex')}`);
  if (did === undefined) throw new TypeError('a sha256 always makes a DID');
  return did;
}
