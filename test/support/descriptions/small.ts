/** Descriptions as they come from a metadata store, as small as they can be. */
import type { Container, Ddo, Service } from '@capstan/shared/contract/ddo';
import type { Did } from '@capstan/shared/contract/ids';

export const didOf = (digit: string) => `did:op:${digit.repeat(64)}` as Did;
/** Of an algorithm. */
export const container: Container = {
  image: 'node',
  tag: '24',
  entrypoint: 'node $ALGO',
  checksum: `sha256:${'a'.repeat(64)}`,
};
export const OWNER = '0x19E7E376E7C213B7E7e7e46cc70A5dD086DAff2A';

export const aService = (changes: Partial<Service> = {}): Service => ({
  id: 'compute',
  type: 'compute',
  files: '0xab',
  datatokenAddress: '0x1',
  ...changes,
});

/** `digit`: of which its DID is made. */
export const anAsset = (digit: string, type: 'dataset' | 'algorithm', changes: Partial<Ddo> = {}): Ddo => ({
  id: didOf(digit),
  nftAddress: '0x1',
  chainId: 8996,
  version: '4.5.0',
  metadata: type === 'algorithm' ? { type, algorithm: { container } } : { type },
  services: [aService()],
  ...changes,
});
