/** Which algorithms a dataset's owner lets near the data, PURE. Source: the wire contract, §9. */
import { createHash } from 'node:crypto';
import type { Container, Ddo, Service } from '@capstan/shared/contract/ddo';

/** Ocean Provider's codes for a refusal. */
export type TrustRefusal =
  | 'no_raw_algo_allowed'
  | 'not_trusted_algo'
  | 'not_trusted_algo_publisher'
  | 'algorithm_container_checksum_mismatch';

export type TrustVerdict =
  | { readonly kind: 'refused'; readonly code: TrustRefusal }
  /** `filesChecksums`: the ones that the algorithm's downloaded files may have; empty if any will do. */
  | { readonly kind: 'trusted'; readonly filesChecksums: readonly string[] };

const refused = (code: TrustRefusal): TrustVerdict => ({ kind: 'refused', code });

export function containerSectionChecksum({ entrypoint, checksum = '' }: Container): string {
  return createHash('sha256')
    .update(entrypoint + checksum)
    .digest('hex');
}

/** Whether an algorithm given in the request itself may run on a dataset's service. */
export function trustRaw(service: Service): TrustVerdict {
  return service.compute?.allowRawAlgorithm === true
    ? { kind: 'trusted', filesChecksums: [] }
    : refused('no_raw_algo_allowed');
}

/** Whether a published algorithm may run on a dataset's service. No lists at all mean: any published one. */
export function trustPublished(service: Service, algorithm: Ddo, container: Container): TrustVerdict {
  const algorithms = service.compute?.publisherTrustedAlgorithms ?? [];
  const publishers = service.compute?.publisherTrustedAlgorithmPublishers ?? [];
  const listed = algorithms.filter((entry) => entry.did === algorithm.id);
  if (algorithms.length > 0 && listed.length === 0) return refused('not_trusted_algo');

  const publisher = algorithm.nft?.owner?.toLowerCase();
  if (publishers.length > 0 && !publishers.some((address) => address.toLowerCase() === publisher)) {
    return refused('not_trusted_algo_publisher');
  }

  const checksum = containerSectionChecksum(container);
  const fitting = listed.filter(
    (entry) => !entry.containerSectionChecksum || entry.containerSectionChecksum.toLowerCase() === checksum,
  );
  if (listed.length > 0 && fitting.length === 0) return refused('algorithm_container_checksum_mismatch');
  const filesChecksums = fitting.flatMap((entry) => (entry.filesChecksum ? [entry.filesChecksum.toLowerCase()] : []));
  // One entry that names no checksum allows any files.
  return { kind: 'trusted', filesChecksums: filesChecksums.length === fitting.length ? filesChecksums : [] };
}
