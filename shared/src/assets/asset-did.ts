/** The DID of a published asset, PURE. Ocean's rule: it follows from the asset's NFT and its chain, so nobody else can publish under it. */
import { createHash } from 'node:crypto';
import { getAddress } from 'ethers';
import type { Ddo } from '../contract/ddo.ts';
import { parseAddress, parseDid, type Did } from '../contract/ids.ts';

/** Undefined for what is no address. Its letter case says nothing: the rule takes the one with the checksum. */
export function assetDid(nftAddress: string, chainId: number): Did | undefined {
  const address = parseAddress(nftAddress);
  if (address === undefined || !Number.isSafeInteger(chainId)) return undefined;
  const hash = createHash('sha256').update(getAddress(address) + String(chainId));
  return parseDid(`did:op:${hash.digest('hex')}`);
}

/** Whether a description stands under the DID of the NFT that it names. */
export function isUnderOwnDid({ id, nftAddress, chainId }: Pick<Ddo, 'id' | 'nftAddress' | 'chainId'>): boolean {
  return assetDid(nftAddress, chainId) === id;
}
