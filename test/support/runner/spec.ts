/** Job specifications as the gateway would send them: assets with files that are encrypted to the node's key. */
import { randomBytes } from 'node:crypto';
import type { AssetFile, Container, Ddo } from '@capstan/shared/contract/ddo';
import type { Did, EnvironmentId } from '@capstan/shared/contract/ids';
import type { AssetInput, JobSpec, Resources } from '@capstan/shared/contract/job';
import type { NodeKey } from '@capstan/shared/crypto/node-key';
import { assetDid } from '@capstan/shared/assets/asset-did';
import { publicKeyOf, seal } from '@capstan/shared/crypto/seal';

export const IMAGE: Container = { image: 'localhost/capstan/node-demo', tag: '24', entrypoint: 'node $ALGO' };

/** What every asset of a test was ordered with. */
export const ORDER = `0x${'cd'.repeat(32)}`;

export interface AssetParts {
  readonly files: readonly AssetFile[];
  readonly userdata?: Readonly<Record<string, unknown>>;
  /** As DDO 4.0.0 has it: a bare list, not bound to the asset. */
  readonly isBareList?: boolean;
  /** Of the catalogue if not said, so that it may name files there. */
  readonly origin?: AssetInput['origin'];
  /** The provider that holds its files. */
  readonly serviceEndpoint?: string;
  /** Bound to another asset. */
  readonly isForeign?: boolean;
  /** Under another DID than its NFT has. */
  readonly isCopy?: boolean;
}

export interface SpecParts {
  readonly rawcode?: string;
  readonly algorithm?: AssetParts & { readonly trustedFilesChecksums?: string[][] };
  readonly container?: Partial<Container>;
  readonly datasets?: readonly AssetParts[];
  readonly algocustomdata?: unknown;
  readonly output?: JobSpec['output'];
  readonly resources?: Resources;
  readonly networkAccess?: boolean;
  /** What its order pays for, in seconds. */
  readonly maxDurationS?: number;
}

interface Node {
  readonly environment: EnvironmentId;
  readonly key: NodeKey;
}

export function specOf(parts: SpecParts, { environment, key }: Node): JobSpec {
  const container = { ...IMAGE, ...parts.container };
  const {
    rawcode = '',
    algorithm,
    datasets = [{ files: [] }],
    algocustomdata,
    output,
    resources,
    networkAccess,
    maxDurationS,
  } = parts;
  return {
    environment,
    owner: `0x${'11'.repeat(20)}` as JobSpec['owner'],
    datasets: datasets.map((dataset) => assetInput(dataset, 'dataset', key)),
    algorithm: algorithm
      ? {
          kind: 'published',
          asset: assetInput(algorithm, 'algorithm', key),
          container,
          trustedFilesChecksums: algorithm.trustedFilesChecksums ?? [],
        }
      : { kind: 'rawcode', rawcode, container },
    ...(algocustomdata === undefined ? {} : { algocustomdata }),
    ...(output === undefined ? {} : { output }),
    ...(resources ? { resources } : {}),
    ...(networkAccess === undefined ? {} : { networkAccess }),
    ...(maxDurationS === undefined ? {} : { maxDurationS }),
  };
}

function assetInput(parts: AssetParts, type: Ddo['metadata']['type'], key: NodeKey): AssetInput {
  const address = () => `0x${randomBytes(20).toString('hex')}`;
  const [nftAddress, datatokenAddress] = [address(), address()];
  const files = parts.files;
  const sealed = parts.isBareList
    ? files
    : { nftAddress: parts.isForeign ? address() : nftAddress, datatokenAddress, files };
  const sealText = (value: unknown) => seal(publicKeyOf(key), JSON.stringify(value));
  return {
    ddo: {
      id: parts.isCopy ? (`did:op:${randomBytes(32).toString('hex')}` as Did) : didOf(nftAddress),
      nftAddress,
      chainId: 8996,
      version: parts.isBareList ? '4.0.0' : '4.1.0',
      metadata: { type, name: 'an asset of a test' },
      services: [
        {
          id: 'service',
          type: 'compute',
          files: sealText(sealed),
          datatokenAddress,
          ...(parts.serviceEndpoint === undefined ? {} : { serviceEndpoint: parts.serviceEndpoint }),
        },
      ],
    },
    serviceId: 'service',
    origin: parts.origin ?? 'catalogue',
    transferTxId: ORDER,
    ...(parts.userdata ? { sealedUserdata: sealText(parts.userdata) } : {}),
  };
}

function didOf(nftAddress: string): Did {
  const did = assetDid(nftAddress, 8996);
  if (did === undefined) throw new TypeError(`${nftAddress} is not an address`);
  return did;
}
