/** Which published algorithms may run on a dataset, in the words of the command line. Source of the checksums: the wire contract, §9. */
import { createHash } from 'node:crypto';
import { plainContainer, type Container, type Service } from '@capstan/shared/contract/ddo';
import { parseDid } from '@capstan/shared/contract/ids';
import { addressIn } from './addresses.ts';
import type { Catalogue } from './catalogue.ts';
import { UsageError } from './usage.ts';
import type { Trust } from './ddo.ts';

export interface TrustWords {
  /** `*`, a DID of this catalogue, or `DID,filesChecksum,containerSectionChecksum`. */
  readonly trust?: readonly string[] | undefined;
  readonly 'trust-publisher'?: readonly string[] | undefined;
  readonly 'trust-nobody'?: boolean | undefined;
}

type Compute = NonNullable<Service['compute']>;
type Entry = NonNullable<Compute['publisherTrustedAlgorithms']>[number];

/** What a description says of it; nothing where nothing was said. Throws UsageError. */
export async function trustOf(words: TrustWords, catalogue: Catalogue): Promise<Trust> {
  const { trust = [], 'trust-publisher': publishers = [], 'trust-nobody': nobody = false } = words;
  const isAnySaid = trust.length > 0 || publishers.length > 0;
  if (nobody && isAnySaid) throw new UsageError('--trust-nobody leaves no room for --trust and --trust-publisher.');
  if (nobody) return { publisherTrustedAlgorithms: [], publisherTrustedAlgorithmPublishers: [] };
  if (!isAnySaid) return {};
  const entries: Entry[] = [];
  for (const word of trust) entries.push(await entryOf(word, catalogue));
  return {
    publisherTrustedAlgorithms: entries,
    publisherTrustedAlgorithmPublishers: publishers.map((word) =>
      word === '*' ? word : addressIn('--trust-publisher', word),
    ),
  };
}

async function entryOf(word: string, catalogue: Catalogue): Promise<Entry> {
  if (word === '*') return { did: '*' };
  const [name = '', filesChecksum, containerSectionChecksum, ...more] = word.split(',');
  const did = parseDid(name);
  const isWhole = (filesChecksum === undefined) === (containerSectionChecksum === undefined);
  if (did === undefined || !isWhole || more.length > 0) {
    throw new UsageError(`--trust ${word} is neither *, nor a DID, nor DID,filesChecksum,containerSectionChecksum.`);
  }
  if (filesChecksum !== undefined && containerSectionChecksum !== undefined) {
    return { did, filesChecksum, containerSectionChecksum };
  }
  const ddo = await catalogue.find(did);
  if (ddo?.metadata.type !== 'algorithm') {
    throw new UsageError(
      `${did} is no algorithm of this catalogue. For one of elsewhere give its checksums, too: --trust DID,filesChecksum,containerSectionChecksum.`,
    );
  }
  return {
    did,
    filesChecksum: await catalogue.filesChecksum(ddo),
    containerSectionChecksum: containerChecksum(plainContainer(ddo.metadata.algorithm?.container), did),
  };
}

/** A tag may mean another image tomorrow: only a digest can be trusted. */
function containerChecksum(container: Partial<Container> | undefined, did: string): string {
  if (container?.checksum === undefined) {
    throw new UsageError(
      `The algorithm ${did} names no digest of its image, so that another image could take its place: npm run catalogue -- update ${did} --checksum sha256:… (docker pull says the digest of an image; of one that only this machine has, it is the id: docker image inspect --format '{{.Id}}' IMAGE)`,
    );
  }
  return createHash('sha256')
    .update(`${container.entrypoint ?? ''}${container.checksum}`)
    .digest('hex');
}
