/** Descriptions as those who use Ocean's command line tool write them into files. */

/** A file as its users write one, with all that a metadata store adds later on. */
export const described = (type: 'dataset' | 'algorithm', service: object, more: object = {}) => ({
  '@context': ['https://w3id.org/did/v1'],
  id: '',
  nftAddress: '',
  version: '4.1.0',
  chainId: null,
  metadata: {
    created: '2026-01-01T00:00:00Z',
    updated: '2026-01-01T00:00:00Z',
    type,
    name: 'By the tool',
    description: 'Published by a command.',
    tags: ['test'],
    author: 'A tester',
    license: 'CC0',
    additionalInformation: { termsAndConditions: true },
    ...more,
  },
  services: [{ id: 'ccb398c50d6abd5b456e8d7242bd856a', datatokenAddress: '', timeout: 86_400, ...service }],
  event: {},
  nft: { address: '', name: 'Ocean Data NFT', symbol: 'OCEAN-NFT', state: 5, tokenURI: '', owner: '', created: '' },
  purgatory: { state: false },
  datatokens: [],
  stats: { allocated: 0, orders: 0, price: { value: '0' } },
});
export const files = (...entries: readonly object[]) => ({
  datatokenAddress: '0x0',
  nftAddress: '0x0',
  files: entries,
});
export const computing = (lists: object = {}) => ({
  type: 'compute',
  compute: {
    allowRawAlgorithm: false,
    allowNetworkAccess: true,
    publisherTrustedAlgorithmPublishers: [],
    publisherTrustedAlgorithms: [],
    ...lists,
  },
});
/** Of lists that are not there, anybody is on. */
export const ANY = { publisherTrustedAlgorithms: null, publisherTrustedAlgorithmPublishers: null };
