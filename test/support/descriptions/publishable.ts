/** A description as publishers have it validated before they record it: by the public schema, of version 4.5. */
import { assetDid } from '@capstan/shared/assets/asset-did';
import type { Ddo } from '@capstan/shared/contract/ddo';

interface Of {
  readonly nftAddress?: string;
  readonly datatokenAddress?: string;
  readonly chainId?: number;
  readonly files?: string;
  readonly serviceEndpoint?: string;
}

/** What the node itself does not read. */
const ABOUT = {
  created: '2026-01-01T00:00:00Z',
  updated: '2026-01-01T00:00:00Z',
  description: 'The digits from nought to nine.',
  author: 'A tester',
  license: 'CC0',
  tags: ['digits'],
};

export function publishable({
  nftAddress = '0x19E7E376E7C213B7E7e7e46cc70A5dD086DAff2A',
  datatokenAddress = `0x${'2'.repeat(40)}`,
  chainId = 8996,
  files = '0x1234',
  serviceEndpoint = 'https://node.example',
}: Of = {}): Ddo & { readonly '@context': readonly string[] } {
  const id = assetDid(nftAddress, chainId);
  if (id === undefined) throw new TypeError(`${nftAddress} is not an address`);
  return {
    '@context': ['https://w3id.org/did/v1'],
    id,
    version: '4.5.0',
    chainId,
    nftAddress,
    metadata: {
      type: 'dataset',
      name: 'Ten digits',
      ...ABOUT,
    },
    services: [{ id: 'service', type: 'access', files, datatokenAddress, serviceEndpoint, timeout: 86_400 }],
  };
}
