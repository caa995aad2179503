/** Facts of contracts that never change: asked once, then remembered. */
import { Interface, isAddress } from 'ethers';
import { CapstanError } from '@capstan/shared/errors';
import type { Chain } from './provider.ts';

const contracts = new Interface([
  'function isDeployed(address datatoken) view returns (bool)',
  'function decimals() view returns (uint8)',
]);

/** More than a node has assets; then it starts anew. */
const MOST_KEPT = 10_000;

export interface Contracts {
  /** Whether the data NFT says that the datatoken is one of its own. */
  isTokenOf(chain: Chain, nft: string, datatoken: string): Promise<boolean>;
  /** The decimals of a token. Rejects with INTERNAL if it is none. */
  decimalsOf(chain: Chain, token: string): Promise<number>;
}

export function createContracts(): Contracts {
  const kept = new Map<string, unknown>();

  const call = async (chain: Chain, to: string, data: string): Promise<string> => {
    const [answer] = await chain.ask({ method: 'eth_call', params: [{ to, data }, 'latest'] });
    return typeof answer === 'string' ? answer : '0x';
  };
  /** Only what is sure is remembered: a token that is not there yet may come. */
  const remember = <T>(key: string, value: T): T => {
    if (kept.size >= MOST_KEPT) kept.clear();
    kept.set(key, value);
    return value;
  };

  return {
    async isTokenOf(chain, nft, datatoken) {
      if (!isAddress(nft.toLowerCase()) || !isAddress(datatoken.toLowerCase())) return false;
      const key = `${chain.id} ${nft} ${datatoken}`.toLowerCase();
      if (kept.has(key)) return true;
      const answer = await call(chain, nft, contracts.encodeFunctionData('isDeployed', [datatoken.toLowerCase()]));
      return BigInt(answer === '0x' ? 0 : answer) === 1n && remember(key, true);
    },
    async decimalsOf(chain, token) {
      const key = `${chain.id} ${token}`.toLowerCase();
      const known = kept.get(key);
      if (typeof known === 'number') return known;
      const answer = await call(chain, token, contracts.encodeFunctionData('decimals'));
      const decimals = answer === '0x' ? NaN : Number(BigInt(answer));
      if (decimals >= 0 && decimals <= 77) return remember(key, decimals);
      throw new CapstanError('INTERNAL', `The fee token ${token} of an environment is no token on chain ${chain.id}.`);
    },
  };
}
