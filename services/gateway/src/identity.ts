/** Who this node is to others. */
import { readFileSync } from 'node:fs';
import { computeAddress } from 'ethers';
import type { Config } from '@capstan/shared/config/schema';
import type { Address } from '@capstan/shared/contract/ids';
import type { NodeKey } from '@capstan/shared/crypto/node-key';
import { publicKeyOf } from '@capstan/shared/crypto/seal';

export interface NodeIdentity {
  /** The one of the settings first, then those that orders are looked up on. */
  readonly chainIds: readonly number[];
  /** Checksummed. */
  readonly address: string;
  /** Compressed, hex without `0x`: assets are encrypted to it. */
  readonly publicKey: string;
  readonly version: string;
}

interface Chains {
  readonly gateway: Pick<Config['gateway'], 'chainId'>;
  readonly chains: readonly Pick<Config['chains'][number], 'id'>[];
}

export function identityOf(key: NodeKey, { gateway, chains }: Chains): NodeIdentity {
  const publicKey = publicKeyOf(key);
  const chainIds = [...new Set([gateway.chainId, ...chains.map(({ id }) => id)])];
  return { chainIds, publicKey, address: computeAddress(`0x${publicKey}`), version: ownVersion() };
}

/** Lower-case. */
export const addressOf = (key: NodeKey): Address => computeAddress(`0x${publicKeyOf(key)}`).toLowerCase() as Address;

/** To whom a fee of this node may be paid: its address, then those that it had before and that nobody else has. */
export function providersOf(key: NodeKey): readonly [Address, ...Address[]] {
  const older = key.older().filter((each) => !each.isStolen());
  return [addressOf(key), ...older.map(addressOf)];
}

function ownVersion(): string {
  const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
    version: string;
  };
  return version;
}
