/**
 * Whether a metadata store and an endpoint of a chain say the same of an asset: in all that decides who may do what with it. Other
 * fields are written anew by some stores.
 */
import { isDeepStrictEqual } from 'node:util';
import type { Ddo } from '@capstan/shared/contract/ddo';

const decisive = ({ nftAddress, chainId, services, credentials, metadata: { type, algorithm } }: Ddo) => ({
  nftAddress: nftAddress.toLowerCase(),
  chainId,
  credentials,
  type,
  algorithm,
  services: services.map(({ id, type: kind, datatokenAddress, files, serviceEndpoint, timeout, compute, ...more }) => ({
    id,
    kind,
    datatokenAddress: datatokenAddress.toLowerCase(),
    files,
    serviceEndpoint,
    timeout,
    compute,
    credentials: more.credentials,
    problems: more.problems,
  })),
});

/** Of an NFT that a store says nothing of, it says that it is active, and whoever's. */
export function saysTheSame(stored: Ddo, recorded: Ddo): boolean {
  const { state = 0, owner } = stored.nft ?? stored.indexedMetadata?.nft ?? {};
  return (
    state === (recorded.nft?.state ?? 0) &&
    (owner === undefined || owner.toLowerCase() === recorded.nft?.owner?.toLowerCase()) &&
    isDeepStrictEqual(decisive(stored), decisive(recorded))
  );
}
