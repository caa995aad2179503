/** Whole descriptions as each version of the schema has them, written after the public one: far more than a node reads. */

export interface Parts {
  readonly id: string;
  readonly nftAddress: string;
  readonly datatokenAddress: string;
  readonly chainId: number;
  /** Encrypted to the node, in the form that names both addresses, and as the bare list of 4.0.0. */
  readonly files: string;
  readonly bareFiles: string;
  /** Who asks. */
  readonly consumer: string;
}

export type Json = Readonly<Record<string, unknown>>;

const OWNER = '0x19E7E376E7C213B7E7e7e46cc70A5dD086DAff2A';

const event = {
  tx: `0x${'ab'.repeat(32)}`,
  txid: `0x${'ab'.repeat(32)}`,
  block: 12_127_214,
  from: OWNER,
  contract: OWNER,
  datetime: '2022-12-31T08:00:00',
};
const consumerParameters = [
  {
    name: 'city',
    type: 'text',
    label: 'City',
    required: false,
    description: 'Which one',
    default: 'Bern',
    options: [],
  },
];

export const metadata = {
  created: '2021-12-20T14:35:20Z',
  updated: '2022-01-01T00:00:00Z',
  name: 'Weather',
  description: 'What the weather was',
  type: 'dataset',
  author: 'somebody',
  license: 'CC-BY',
  links: ['https://example.com/sample'],
  tags: ['weather', 'rain'],
  categories: [],
  contentLanguage: 'en',
  copyrightHolder: '',
  additionalInformation: { termsAndConditions: true, nested: [{ deep: [null] }] },
};

export const service = ({ files, datatokenAddress }: Parts): Json => ({
  id: 'first',
  type: 'compute',
  name: 'compute',
  description: 'to compute on',
  files,
  datatokenAddress,
  timeout: 3_600,
  compute: {
    allowRawAlgorithm: false,
    allowNetworkAccess: true,
    publisherTrustedAlgorithmPublishers: null,
    publisherTrustedAlgorithms: null,
  },
});

const base = (version: string, parts: Parts): Json => ({
  '@context': ['https://w3id.org/did/v1'],
  id: parts.id,
  version,
  chainId: parts.chainId,
  nftAddress: parts.nftAddress,
  metadata,
  services: [service(parts)],
});
const nft = (parts: Parts) => ({
  address: parts.nftAddress,
  name: 'Weather NFT',
  symbol: 'OCEAN-NFT',
  owner: OWNER,
  state: 0,
  created: '2022-12-31T08:00:00',
  tokenURI: 'data:application/json;base64,e30=',
});
const datatokens = ({ datatokenAddress }: Parts) => [
  { address: datatokenAddress, name: 'Data', symbol: 'DT', serviceId: 'first' },
];

export const VERSIONS = {
  '4.0.0': (parts: Parts): Json => ({
    ...base('4.0.0', parts),
    services: [{ ...service(parts), files: parts.bareFiles }],
  }),
  '4.1.0': (parts: Parts): Json => ({
    ...base('4.1.0', parts),
    credentials: { allow: [], deny: [] },
    event,
    nft: nft(parts),
    datatokens: datatokens(parts),
    purgatory: { state: false, reason: '' },
    stats: { allocated: 0, orders: 1, price: { value: 3, tokenAddress: OWNER, tokenSymbol: 'OCEAN' } },
  }),
  '4.3.0': (parts: Parts): Json => ({
    ...base('4.3.0', parts),
    metadata: { ...metadata, algorithm: null, displayName: 'Weather', features: null },
    credentials: { allow: null, deny: null },
    nft: nft(parts),
    accessDetails: { type: 'free', price: '0' },
  }),
  '4.5.0': (parts: Parts): Json => ({
    ...base('4.5.0', parts),
    metadata: { ...metadata, algorithm: { container: { entrypoint: '', image: '', tag: '', checksum: '' } } },
    services: [{ ...service(parts), consumerParameters, additionalInformation: { anything: true } }],
    nft: nft(parts),
    stats: null,
    event: null,
  }),
  '4.7.0': (parts: Parts): Json => ({
    ...base('4.7.0', parts),
    additionalDdos: [{ data: '', type: '' }],
    services: [
      {
        ...service(parts),
        consumerParameters,
        state: 0,
        credentials: { allow: [], deny: [], match_allow: 'all', match_deny: 'any' },
      },
    ],
    credentials: { allow: [], deny: [], match_allow: 'any', match_deny: 'any' },
    indexedMetadata: {
      nft: nft(parts),
      event,
      purgatory: { state: false },
      stats: [{ datatokenAddress: parts.datatokenAddress, orders: 0, prices: [], serviceId: 'first' }],
    },
  }),
} as const satisfies Readonly<Record<string, (parts: Parts) => Json>>;
