/** Facts of contracts that never change: asked once, then remembered. */
import { LRUCache } from 'lru-cache';
import { Interface, isAddress } from 'ethers';
import { unavailable, type Chain, type Request } from './provider.ts';

const contracts = new Interface([
  'function isDeployed(address datatoken) view returns (bool)',
  'function decimals() view returns (uint8)',
]);

/** More than a node has assets. */
const MOST_KEPT = 10_000;

/** 10^78 is more than a word holds. */
const MOST_DECIMALS = 77n;

const WORD = /^0x[0-9a-fA-F]{64}$/;
/** Nothing, which what is no contract answers, or one word: anything else is nonsense. */
const isWord = (answer: unknown) => answer === '0x' || (typeof answer === 'string' && WORD.test(answer));
const wordOf = (answer: unknown) => (typeof answer === 'string' && WORD.test(answer) ? BigInt(answer) : undefined);

const HEAD: Request = { method: 'eth_blockNumber', params: [] };

export interface Contracts {
  /** Whether the data NFT says that the datatoken is one of its own. */
  isTokenOf(chain: Chain, nft: string, datatoken: string): Promise<boolean>;
  /** The decimals of a token; undefined if it is none. */
  decimalsOf(chain: Chain, token: string): Promise<number | undefined>;
}

export function createContracts(): Contracts {
  const kept = new LRUCache<string, true | number>({ max: MOST_KEPT });

  /** The word that a contract answers; undefined if it refuses, or if there is none. An endpoint that says so may lag behind the others. */
  const call = async (chain: Chain, to: string, data: string): Promise<bigint | undefined> => {
    const request: Request = { method: 'eth_call', params: [{ to, data }, 'latest'], fits: isWord };
    const [first] = await chain.ask(request);
    const word = wordOf(first);
    if (word !== undefined || chain.endpoints === 1) return word;
    return latest(await chain.askAll(request, HEAD), chain);
  };
  /**
   * The decimals of a token; undefined if there is none. They decide the price, and a fee that was signed by them is good for as long as it says: so
   * all endpoints are asked, of which none may say otherwise, whatever block they are at.
   */
  const decimalsAt = async (
    chain: Chain,
    to: string,
  ): Promise<{ readonly word: bigint | undefined; readonly isSure: boolean }> => {
    const request: Request = {
      method: 'eth_call',
      params: [{ to, data: contracts.encodeFunctionData('decimals') }, 'latest'],
      fits: isWord,
    };
    const told = await chain.askAll(request, HEAD);
    const said = told.flatMap(([answer]) => wordOf(answer) ?? []);
    if (new Set(said).size > 1)
      throw unavailable(chain.id, new Error(`its endpoints disagree about the decimals of ${to}`));
    const isSure = said.length >= Math.min(2, chain.endpoints);
    return { word: said.length === told.length ? said[0] : latest(told, chain), isSure };
  };
  /** Only what is sure is remembered: a token that is not there yet may come. */
  const remember = <T extends true | number>(key: string, value: T): T => {
    kept.set(key, value);
    return value;
  };

  return {
    async isTokenOf(chain, nft, datatoken) {
      if (!isAddress(nft.toLowerCase()) || !isAddress(datatoken.toLowerCase())) return false;
      const key = `${chain.id} ${nft} ${datatoken}`.toLowerCase();
      if (kept.has(key)) return true;
      const answer = await call(chain, nft, contracts.encodeFunctionData('isDeployed', [datatoken.toLowerCase()]));
      return answer === 1n && remember(key, true);
    },
    async decimalsOf(chain, token) {
      const key = `${chain.id} ${token}`.toLowerCase();
      const known = kept.get(key);
      if (typeof known === 'number') return known;
      const { word, isSure } = await decimalsAt(chain, token);
      if (word === undefined || word > MOST_DECIMALS) return undefined;
      return isSure ? remember(key, Number(word)) : Number(word);
    },
  };
}

/** Of endpoints that disagree, the later block decides, or nobody. */
function latest(told: readonly (readonly unknown[])[], chain: Chain): bigint | undefined {
  const head = Math.max(...told.map(([, at]) => Number(at)));
  const words = new Set(told.filter(([, at]) => Number(at) === head).map(([answer]) => wordOf(answer)));
  if (words.size !== 1) throw unavailable(chain.id);
  return [...words][0];
}
