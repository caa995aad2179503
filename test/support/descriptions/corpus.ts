/** Descriptions of every version and in all the odd forms that portals, indexers and clients write, and what becomes of each. */
import { metadata, service, VERSIONS, type Json, type Parts } from './versions.ts';

export interface Description {
  readonly name: string;
  readonly ddo: (parts: Parts) => Json;
  /** The service that is asked for; `first` if absent. */
  readonly serviceId?: string;
  /** What the refusal says, as code or text; absent where nothing is wrong. */
  readonly refused?: string;
  /** Whether the algorithm is what is wrong, which nobody asks about who only wants the price of the dataset. */
  readonly isAboutAlgorithm?: boolean;
  /** Whether its files name no token. */
  readonly isBare?: boolean;
}

const plain = VERSIONS['4.5.0'];
const having = (changes: Json) => (parts: Parts) => ({ ...plain(parts), ...changes });
const offering =
  (...services: readonly ((parts: Parts) => unknown)[]) =>
  (parts: Parts) => ({ ...plain(parts), services: services.map((one) => one(parts)) });
const changed = (changes: Json) => (parts: Parts) => ({ ...service(parts), ...changes });
const computing = (compute: unknown) => offering(changed({ compute }));
const withCredentials = (credentials: (consumer: string) => unknown) => (parts: Parts) => ({
  ...plain(parts),
  credentials: credentials(parts.consumer),
});
const addresses = (...values: readonly unknown[]) => [{ type: 'address', values }];
const OTHER = `0x${'1'.repeat(40)}`;

export const DESCRIPTIONS: readonly Description[] = [
  ...Object.entries(VERSIONS).map(([version, ddo]) => ({
    name: `version ${version}`,
    ddo,
    ...(version === '4.0.0' ? { isBare: true } : {}),
  })),
  { name: 'no version at all', ddo: having({ version: null }) },
  {
    name: 'null in every optional scalar',
    ddo: offering(
      changed({
        name: null,
        description: null,
        timeout: null,
        serviceEndpoint: null,
        consumerParameters: null,
        credentials: null,
        compute: {
          allowRawAlgorithm: null,
          allowNetworkAccess: null,
          publisherTrustedAlgorithms: null,
          publisherTrustedAlgorithmPublishers: null,
        },
      }),
    ),
  },
  {
    name: 'null in its metadata',
    ddo: having({ metadata: { ...metadata, name: null, algorithm: null, links: null } }),
  },
  { name: 'a name that is no text', ddo: having({ metadata: { ...metadata, name: { en: 'Weather' } } }) },
  { name: 'credentials that are an empty list', ddo: having({ credentials: [] }) },
  { name: 'credentials that are an empty text', ddo: having({ credentials: '' }) },
  {
    name: 'credentials as JSON text',
    ddo: withCredentials((me) => JSON.stringify({ allow: addresses(me), deny: null })),
  },
  {
    name: 'credentials with addresses in objects',
    ddo: withCredentials((address) => ({ allow: addresses({ address }) })),
  },
  { name: 'credentials that allow anybody', ddo: withCredentials(() => ({ allow: addresses('*') })) },
  {
    name: 'credentials with one list of two that fits',
    ddo: withCredentials((me) => ({
      allow: [...addresses(me), { type: 'accessList', chainId: 1, accessList: OTHER }],
    })),
  },
  {
    name: 'numbers as texts',
    ddo: (parts) => ({
      ...offering(changed({ timeout: '3600' }))(parts),
      chainId: String(parts.chainId),
      nft: { state: '0' },
    }),
  },
  { name: 'a number for the id of its service', ddo: offering(changed({ id: 0 })), serviceId: '0' },
  {
    name: 'a second service of an odd type',
    ddo: offering(service, () => ({ id: 'odd', type: 'metadata', attributes: { main: {} } })),
  },
  {
    name: 'an odd service before the one that is asked for',
    ddo: offering(() => ({ id: 'odd', type: 'wss', files: null }), service),
  },
  {
    name: 'a second service that is broken',
    ddo: offering(service, changed({ id: 'second', type: 'access', files: 'none', timeout: 'long' })),
  },
  {
    name: 'services that are none',
    ddo: offering(
      () => null,
      () => 'x',
      service,
    ),
  },
  {
    name: 'an empty compute section on a service for access',
    ddo: offering(service, changed({ id: 'second', type: 'access', compute: [] })),
  },
  { name: 'state 5, unlisted', ddo: having({ nft: { state: 5 } }) },
  {
    name: 'a state that only the indexer tells',
    ddo: having({ nft: null, indexedMetadata: { nft: { state: 5, owner: null }, stats: [] } }),
  },
  { name: 'any algorithm, as a text in the list', ddo: computing({ publisherTrustedAlgorithms: ['*'] }) },
  {
    name: 'any publisher',
    ddo: computing({ publisherTrustedAlgorithms: [], publisherTrustedAlgorithmPublishers: ['*'] }),
  },
  {
    name: 'any algorithm, beside an entry without checksums',
    ddo: computing({
      publisherTrustedAlgorithms: [
        { did: 'did:op:x', filesChecksum: null },
        { did: '*', filesChecksum: '*' },
      ],
    }),
  },

  {
    name: 'a state of the indexer that disables it',
    ddo: having({ indexedMetadata: { nft: { state: 3 } } }),
    refused: 'asset_disabled',
  },
  { name: 'a state that is none', ddo: having({ nft: { state: 'revoked' } }), refused: 'nft.state' },
  { name: 'credentials that can not be read', ddo: having({ credentials: 'nobody' }), refused: 'credentials' },
  {
    name: 'an allow list that holds nothing readable',
    ddo: having({ credentials: { allow: [null] } }),
    refused: 'credentials',
  },
  {
    name: 'an allow list in a contract',
    ddo: having({ credentials: { allow: [{ type: 'accessList', accessList: OTHER }] } }),
    refused: 'credential_not_in_allow_list',
  },
  {
    name: 'two lists that must both allow',
    ddo: withCredentials((me) => ({
      match_allow: 'all',
      allow: [...addresses(me), { type: 'accessList', accessList: OTHER }],
    })),
    refused: 'credential_not_in_allow_list',
  },
  {
    name: 'a service that denies',
    ddo: (parts) => offering(changed({ credentials: { deny: addresses(parts.consumer) } }))(parts),
    refused: 'credential_in_deny_list',
  },
  { name: 'no files in its service', ddo: offering(changed({ files: null })), refused: 'services[0].files' },
  {
    name: 'a right that is neither yes nor no',
    ddo: computing({ allowRawAlgorithm: 'yes' }),
    refused: 'services[0].compute.allowRawAlgorithm',
  },
  {
    name: 'a trusted algorithm without a name',
    ddo: computing({ publisherTrustedAlgorithms: [{ filesChecksum: 'ab' }] }),
    refused: 'services[0].compute.publisherTrustedAlgorithms',
  },
  {
    name: 'a list that is none',
    ddo: computing({ publisherTrustedAlgorithmPublishers: 'everybody' }),
    refused: 'services[0].compute.publisherTrustedAlgorithmPublishers',
  },
  { name: 'no type', ddo: having({ metadata: { name: 'x' } }), refused: 'metadata.type' },
  { name: 'no services', ddo: having({ services: {} }), refused: 'services' },
  {
    name: 'lists that are empty',
    ddo: computing({ publisherTrustedAlgorithms: [], publisherTrustedAlgorithmPublishers: [] }),
    refused: 'not_trusted_algo',
    isAboutAlgorithm: true,
  },
  {
    name: 'an entry without checksums',
    ddo: computing({ publisherTrustedAlgorithms: [{ did: 'did:op:x', filesChecksum: null }] }),
    refused: 'not_trusted_algo',
    isAboutAlgorithm: true,
  },
];
