/** An indexer in small: has the node open what an NFT recorded, as Aquarius does, and puts it where the node finds it. */
import { createHash } from 'node:crypto';
import { getBytes, keccak256, toUtf8Bytes, Wallet } from 'ethers';
import type { Ddo } from '@capstan/shared/contract/ddo';

export interface Indexer {
  readonly address: string;
  /** Resolves to the description that a transaction recorded. */
  index(node: string, transactionId: string): Promise<Ddo>;
}

interface IndexerOptions {
  readonly chainId: number;
  /** Keeps what was opened. */
  readonly keep: (ddo: Ddo) => Promise<void>;
}

export function createIndexer(
  { chainId, keep }: IndexerOptions,
  wallet = new Wallet(Wallet.createRandom().privateKey),
): Indexer {
  return {
    address: wallet.address,
    async index(node, transactionId) {
      const nonce = String(Math.floor(Date.now() / 1_000));
      const text = transactionId + wallet.address + String(chainId) + nonce;
      const signature = await wallet.signMessage(getBytes(keccak256(toUtf8Bytes(text))));
      const response = await fetch(`${node}/api/services/decrypt`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ transactionId, chainId, decrypterAddress: wallet.address, signature, nonce }),
      });
      const opened = await response.text();
      if (response.status !== 201) throw new Error(`${response.status} ${opened}`);
      const ddo = JSON.parse(opened) as Ddo;
      await keep(ddo);
      return ddo;
    },
  };
}

export const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
