/** Which algorithms a dataset's owner lets near the data, PURE. Source: the wire contract, §9. */
import { createHash } from 'node:crypto';
import type { Container, Ddo, Service } from '@capstan/shared/contract/ddo';
import { ownerOf } from './access.ts';

/** Ocean Provider's codes for a refusal. */
export type TrustRefusal =
  | 'no_raw_algo_allowed'
  | 'not_trusted_algo'
  | 'not_trusted_algo_publisher'
  | 'algorithm_container_checksum_mismatch';

export type TrustVerdict =
  /** `detail`: what to mend, where the code alone would leave one guessing. */
  | { readonly kind: 'refused'; readonly code: TrustRefusal; readonly detail?: string }
  /** `filesChecksums`: the ones that the algorithm's downloaded files may have; empty if any will do. */
  | { readonly kind: 'trusted'; readonly filesChecksums: readonly string[] };

type Entry = NonNullable<NonNullable<Service['compute']>['publisherTrustedAlgorithms']>[number];

interface Published {
  readonly algorithm: Ddo;
  readonly container: Container;
  /** Whether an entry that lacks a checksum trusts whatever its algorithm is (`assets.trustWithoutChecksums`). */
  readonly trustWithoutChecksums: boolean;
}

/** In a list: whoever it is. */
const ANY = '*';
const DIGEST = /^sha256:[0-9a-f]{64}$/;
const ENDS_IN_DIGEST = /sha256:[0-9a-f]{64}$/i;

const refused = (code: TrustRefusal, detail?: string): TrustVerdict => ({
  kind: 'refused',
  code,
  ...(detail === undefined ? {} : { detail }),
});

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

/**
 * Whether a published algorithm may run on a dataset's service. No lists at all mean: any published one. A list that is there and empty
 * names nobody, which is what portals write when an owner unticks everything. Where the owner ticks all, they write null for the algorithms,
 * and leave the list of publishers, which they do not offer, as empty as it was.
 */
export function trustPublished(service: Service, published: Published): TrustVerdict {
  const algorithms = service.compute?.publisherTrustedAlgorithms ?? undefined;
  const publishers = service.compute?.publisherTrustedAlgorithmPublishers ?? undefined;
  const namesSomebody = [algorithms, publishers].some((list) => list !== undefined && list.length > 0);
  const areAllTicked = service.compute?.publisherTrustedAlgorithms === null;
  if (!namesSomebody && !areAllTicked && (algorithms !== undefined || publishers !== undefined)) {
    return refused(
      'not_trusted_algo',
      "The data's owner trusts no algorithm: the list of those that may run is empty.",
    );
  }
  if (publishers !== undefined && publishers.length > 0 && !isPublisherNamed(publishers, published.algorithm)) {
    return refused('not_trusted_algo_publisher');
  }
  return algorithms === undefined || algorithms.length === 0
    ? { kind: 'trusted', filesChecksums: [] }
    : trustListed(algorithms, published);
}

function isPublisherNamed(publishers: readonly string[], algorithm: Ddo): boolean {
  const owner = ownerOf(algorithm);
  return publishers.some((address) => address === ANY || (owner !== undefined && address.toLowerCase() === owner));
}

function trustListed(algorithms: readonly Entry[], published: Published): TrustVerdict {
  const { algorithm, container, trustWithoutChecksums } = published;
  const listed = algorithms.map(({ did, ...rest }, index) => ({ did, index, ...whole(did, rest) }));
  const named = listed.filter(({ did }) => did === ANY || did === algorithm.id);
  if (named.length === 0) return refused('not_trusted_algo');
  const settled = named.filter(({ missing }) => missing.length === 0 || trustWithoutChecksums);
  const [unsettled] = named.filter((entry) => !settled.includes(entry));
  if (settled.length === 0 && unsettled) return refused('not_trusted_algo', unsettledText(unsettled));
  const checksum = containerSectionChecksum(container);
  const fitting = settled.filter(
    ({ section }) => section === undefined || (section === checksum && isPinned(container)),
  );
  if (fitting.length === 0) return refused('algorithm_container_checksum_mismatch', looseText(settled, checksum));
  const filesChecksums = fitting.flatMap(({ files }) => (files === undefined ? [] : [files]));
  // One entry that takes any files takes these.
  return { kind: 'trusted', filesChecksums: filesChecksums.length === fitting.length ? filesChecksums : [] };
}

interface Whole {
  /** What must be so, in lower case; undefined: anything. */
  readonly files: string | undefined;
  readonly section: string | undefined;
  /** Checksums that an entry should have, and doesn't. */
  readonly missing: readonly string[];
}

/** An empty checksum is one that a portal could not find out. Whoever says that any algorithm may run needs to name none. */
function whole(did: string, { filesChecksum, containerSectionChecksum: section }: Omit<Entry, 'did'>): Whole {
  const required = (text: string | undefined) => (text === ANY || !text ? undefined : text.toLowerCase());
  const missing = Object.entries({ filesChecksum, containerSectionChecksum: section })
    .filter(([, text]) => !text && did !== ANY)
    .map(([name]) => name);
  return { files: required(filesChecksum), section: required(section), missing };
}

/** What the checksum is made of runs into one another: only a whole digest at its end says what is the entrypoint and what the image. */
function isPinned({ entrypoint, checksum }: Container): boolean {
  return checksum !== undefined && DIGEST.test(checksum) && !ENDS_IN_DIGEST.test(entrypoint);
}

/** The entries of a service that trust nothing yet, each as a person would name it. */
export function unsettledEntries(service: Service): readonly string[] {
  return (service.compute?.publisherTrustedAlgorithms ?? []).flatMap(({ did, ...rest }, index) => {
    const { missing } = whole(did, rest);
    return missing.length === 0 ? [] : [nameOf({ did, index, missing })];
  });
}

interface Unsettled {
  readonly did: string;
  readonly index: number;
  readonly missing: readonly string[];
}

function nameOf({ did, index, missing }: Unsettled): string {
  return `publisherTrustedAlgorithms[${index}] (${did}) has no ${missing.join(' and no ')}`;
}

function unsettledText(entry: Unsettled): string {
  return `The entry ${nameOf(entry)}, so it trusts nothing: the data's owner must publish it with its checksums.`;
}

function looseText(settled: readonly Whole[], checksum: string): string | undefined {
  return settled.some(({ section }) => section === checksum)
    ? 'The container of this algorithm is trusted by its checksum, so it must name the digest of its image (checksum: sha256: and 64 hexadecimal characters), and its entrypoint must not end in one.'
    : undefined;
}
