/** Who this node is to others. */
import { readFileSync } from 'node:fs';
import { computeAddress } from 'ethers';
import type { NodeKey } from '@capstan/shared/node-key';
import { publicKeyOf } from '@capstan/shared/seal';

export interface NodeIdentity {
  readonly chainId: number;
  /** Checksummed. */
  readonly address: string;
  /** Compressed, hex without `0x`: assets are encrypted to it. */
  readonly publicKey: string;
  readonly version: string;
}

export function identityOf(key: NodeKey, chainId: number): NodeIdentity {
  const publicKey = publicKeyOf(key);
  return { chainId, publicKey, address: computeAddress(`0x${publicKey}`), version: ownVersion() };
}

function ownVersion(): string {
  const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
    version: string;
  };
  return version;
}
