/** What descriptions of the catalogue are searched by, PURE: each field in the names that clients of metadata stores write, with all that it holds. */
import type { Ddo } from '@capstan/shared/contract/ddo';

export type ReadField = (ddo: Ddo) => readonly unknown[];

const FIELDS: Readonly<Record<string, ReadField>> = {
  id: ({ id }) => [id],
  type: ({ metadata }) => [metadata.type],
  name: ({ metadata }) => [metadata.name],
  author: ({ metadata }) => ('author' in metadata ? [metadata.author] : []),
  tags: ({ metadata }) => ('tags' in metadata && Array.isArray(metadata.tags) ? (metadata.tags as unknown[]) : []),
  chainId: ({ chainId }) => [chainId],
  'nft.owner': ({ nft, indexedMetadata }) => [nft?.owner, indexedMetadata?.nft?.owner],
  // Active, where nothing is said of it.
  'nft.state': ({ nft, indexedMetadata }) => [nft?.state ?? indexedMetadata?.nft?.state ?? 0],
  'services.type': ({ services }) => services.map(({ type }) => type),
  'services.datatokenAddress': ({ services }) => services.map(({ datatokenAddress }) => datatokenAddress),
  'datatokens.address': ({ services }) => services.map(({ datatokenAddress }) => datatokenAddress),
  'services.compute.publisherTrustedAlgorithms.did': ({ services }) =>
    services.flatMap(({ compute }) => compute?.publisherTrustedAlgorithms ?? []).map(({ did }) => did),
  // The node lists nothing as banned, and knows no prices.
  'purgatory.state': () => [false],
  'price.type': () => [],
};

export const SEARCHED = Object.keys(FIELDS);

/** Undefined for what nothing can be searched by. */
export function fieldReader(field: string): ReadField | undefined {
  const name = field
    .replace(/^metadata\./, '')
    .replace(/\.keyword$/, '')
    .replace(/^_id$/, 'id');
  return Object.hasOwn(FIELDS, name) ? FIELDS[name] : undefined;
}
