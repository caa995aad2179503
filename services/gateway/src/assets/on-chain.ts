/**
 * Whether an asset's NFT says of it what the metadata store says. Whoever runs the store must not be able to loosen what the owner of the
 * NFT published: its text is replaced by the one that was recorded on the chain, its state and owner by the contract's own.
 */
import { Interface } from 'ethers';
import type { Clock } from '@capstan/shared/runtime/clock';
import type { Ddo } from '@capstan/shared/contract/ddo';
import type { NodeKey } from '@capstan/shared/crypto/node-key';
import type { Chain, Request } from '../chain/provider.ts';
import { saysTheSame } from './alike.ts';
import { createHistory, type Seen } from './history.ts';
import { malformed, parsePublished } from './published.ts';
import { openRecord, type MetadataRecord } from './record.ts';
import { disputed, isSaidByOthers } from './second-word.ts';
import type { Unpack } from './unpack-apart.ts';
import { createVerdicts } from './verdicts.ts';

export interface OnChain {
  /** The description to act on. Rejects with REFUSED where the chain says otherwise, or CHAIN_UNAVAILABLE. */
  confirm(ddo: Ddo): Promise<Ddo>;
}

interface OnChainOptions {
  readonly chains: ReadonlyMap<number, Chain>;
  readonly key: NodeKey;
  readonly unpack: Unpack;
  /** Whether the word of the store alone is never enough. */
  readonly requireChain: boolean;
  /** How long what a chain said of a description counts, as the store's word does. */
  readonly freshMs: number;
  readonly clock: Clock;
}

interface Asked {
  readonly atMs: number;
  readonly confirmed: Promise<Ddo>;
}

const nfts = new Interface([
  'function metaDataState() view returns (uint8)',
  'function ownerOf(uint256) view returns (address)',
]);
/** The NFT of a data NFT contract: it has one. */
const TOKEN_ID = 1;

export function createOnChain(options: OnChainOptions): OnChain {
  const { chains, key, unpack, requireChain, freshMs, clock } = options;
  const verdicts = createVerdicts(clock);
  const history = createHistory();
  /** By the very description that the store gave: many orders at once ask its chain once. */
  const asked = new WeakMap<Ddo, Asked>();

  const unproven = (ddo: Ddo, why: string): Ddo => {
    if (!requireChain) return ddo;
    throw malformed(`${why} This node takes only what the chain confirms (assets.requireChain).`);
  };

  const textOf = async (ddo: Ddo, { newest, isWhole }: Seen): Promise<Ddo> => {
    if (!isWhole) return unproven(ddo, 'The endpoints of its chain do not look back as far as its NFT was described.');
    if (!newest) throw malformed('Its NFT was never given a description on its chain.');
    return verdicts.of(ddo.id, newest, () => readRecord(ddo, newest));
  };

  const readRecord = async (ddo: Ddo, newest: MetadataRecord): Promise<Ddo> => {
    const opened = await openRecord(newest, key, unpack);
    switch (opened.kind) {
      case 'text':
        return parsePublished(opened.text, ddo.id);
      case 'sealed elsewhere':
        return unproven(ddo, 'Its description on the chain is sealed to another node.');
      case 'broken':
        throw malformed(`What its owner recorded on the chain ${opened.why}.`);
    }
  };

  const requireOthers = async (
    chain: Chain,
    nftAddress: string,
    seen: Seen & { readonly calls: readonly Request[] },
  ) => {
    if (await isSaidByOthers(chain, { ...seen, nftAddress })) return;
    history.forget(chain, nftAddress);
    throw disputed(chain, nftAddress);
  };

  const ask = async (ddo: Ddo): Promise<Ddo> => {
    const chain = chains.get(ddo.chainId);
    if (!chain) return unproven(ddo, `It is on chain ${ddo.chainId}, which this node can not ask.`);
    const calls = [call(ddo, 'metaDataState'), call(ddo, 'ownerOf', TOKEN_ID)];
    const seen = await history.look(chain, ddo.nftAddress, calls);
    const state = read(seen.answers[0], 'metaDataState');
    const owner = read(seen.answers[1], 'ownerOf');
    if (state === undefined || owner === undefined) throw malformed('There is no such NFT on its chain.');
    const { indexedMetadata: _, ...text } = await textOf(ddo, seen);
    const recorded: Ddo = { ...text, nft: { owner: String(owner), state: Number(state) } };
    if (chain.endpoints > 1 && !saysTheSame(ddo, recorded))
      await requireOthers(chain, ddo.nftAddress, { ...seen, calls });
    return recorded;
  };

  return {
    confirm(ddo) {
      const known = asked.get(ddo);
      const atMs = clock.monotonicMs();
      if (known && atMs - known.atMs < freshMs) return known.confirmed;
      const confirmed = ask(ddo);
      asked.set(ddo, { atMs, confirmed });
      // What failed is asked again; what was recorded is read again only when its verdict is old.
      confirmed.catch(() => asked.delete(ddo));
      return confirmed;
    },
  };
}

type Read = 'metaDataState' | 'ownerOf';

function call({ nftAddress }: Ddo, name: Read, ...args: readonly number[]): Request {
  const data = nfts.encodeFunctionData(name, args);
  return { method: 'eth_call', params: [{ to: nftAddress, data }, 'latest'] };
}

function read(answer: unknown, name: Read): string | bigint | undefined {
  if (typeof answer !== 'string') return undefined;
  try {
    return nfts.decodeFunctionResult(name, answer)[0] as string | bigint;
  } catch {
    return undefined;
  }
}
