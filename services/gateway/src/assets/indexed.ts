/**
 * What metadata stores add to a description: the state and owner of its NFT, and the tokens of its services with their names. Clients read
 * them from there: what they order, what they may edit. The node's own catalogue answers by the routes of such a store, so it adds them too;
 * and where its services are, since clients ask all else there.
 */
import { Interface } from 'ethers';
import type { Clock } from '@capstan/shared/runtime/clock';
import type { Ddo } from '@capstan/shared/contract/ddo';
import { hasCode } from '@capstan/shared/contract/errors';
import type { Chain, Request } from '../chain/provider.ts';

export interface Indexed {
  /** With what its chain says, as far as that can be asked. */
  withFacts(ddo: Ddo): Promise<Ddo>;
  /** As far as the description says it itself: what a list of many shows, for which no chain is asked. */
  asFarAsItSays(ddo: Ddo): Ddo;
}

interface IndexedOptions {
  readonly chains: ReadonlyMap<number, Chain>;
  /** How long what a chain said counts. */
  readonly freshMs: number;
  /** Where clients reach the node. */
  readonly publicUrl: () => string;
  readonly clock: Clock;
}

interface Named {
  readonly name?: string;
  readonly symbol?: string;
}

interface Facts {
  readonly nft: Named & { readonly owner?: string; readonly state?: number };
  /** By their addresses. */
  readonly tokens: ReadonlyMap<string, Named>;
}

interface Asked {
  readonly atMs: number;
  readonly facts: Promise<Facts>;
}

/** Lists of tokens are as long as their publishers like. */
const MOST_TOKENS = 20;
const MAX_CHARS = 256;
const NO_FACTS: Facts = { nft: {}, tokens: new Map() };

const contracts = new Interface([
  'function name() view returns (string)',
  'function symbol() view returns (string)',
  'function metaDataState() view returns (uint8)',
  'function ownerOf(uint256) view returns (address)',
]);
/** The NFT of a data NFT contract: it has one. */
const TOKEN_ID = 1;

export function createIndexed({ chains, freshMs, publicUrl, clock }: IndexedOptions): Indexed {
  const asked = new WeakMap<Ddo, Asked>();

  const ask = async (ddo: Ddo): Promise<Facts> => {
    const chain = chains.get(ddo.chainId);
    if (!chain) return NO_FACTS;
    const tokens = tokensOf(ddo).slice(0, MOST_TOKENS);
    const named = [ddo.nftAddress, ...tokens].flatMap((address) => [call(address, 'name'), call(address, 'symbol')]);
    const own = [call(ddo.nftAddress, 'ownerOf', TOKEN_ID), call(ddo.nftAddress, 'metaDataState')];
    const [owner, state, ...names] = await chain.ask(...own, ...named);
    const namesAt = (index: number): Named => ({
      ...given('name', text(names[2 * index], 'name')),
      ...given('symbol', text(names[2 * index + 1], 'symbol')),
    });
    return {
      nft: {
        ...namesAt(0),
        ...given('owner', text(owner, 'ownerOf')),
        ...given('state', number(state, 'metaDataState')),
      },
      tokens: new Map(tokens.map((address, index) => [address, namesAt(index + 1)])),
    };
  };

  const factsOf = (ddo: Ddo): Promise<Facts> => {
    const known = asked.get(ddo);
    const atMs = clock.monotonicMs();
    if (known && atMs - known.atMs < freshMs) return known.facts;
    const facts = ask(ddo);
    asked.set(ddo, { atMs, facts });
    facts.catch(() => asked.delete(ddo));
    return facts;
  };

  return {
    async withFacts(ddo) {
      return withAdditions(ddo, publicUrl(), await factsOf(ddo).catch(withoutChain));
    },
    asFarAsItSays: (ddo) => withAdditions(ddo, publicUrl()),
  };
}

function withAdditions(ddo: Ddo, nodeUrl: string, { nft: told, tokens }: Facts = NO_FACTS): Ddo {
  const nft = { name: '', symbol: '', state: 0, ...ddo.nft, ...told, address: ddo.nftAddress };
  const datatokens = ddo.services.map(({ id, datatokenAddress }) => {
    const named = { name: '', symbol: '', ...tokens.get(datatokenAddress) };
    return { address: datatokenAddress, ...named, serviceId: id };
  });
  const services = ddo.services.map((service) => ({ ...service, serviceEndpoint: service.serviceEndpoint || nodeUrl }));
  const added = { nft, datatokens, services };
  return { ...ADDED, ...ddo, ...added };
}

/** Read without a look whether it is there; the node itself knows no prices, and lists nothing as banned. */
const ADDED = { stats: { price: {} }, purgatory: { state: false } };

const tokensOf = ({ services }: Ddo): readonly string[] => [
  ...new Set(services.map(({ datatokenAddress }) => datatokenAddress)),
];

/** A description is there whether or not its chain answers. */
function withoutChain(error: unknown): Facts {
  if (hasCode(error, 'CHAIN_UNAVAILABLE')) return NO_FACTS;
  throw error;
}

type Read = 'name' | 'symbol' | 'ownerOf' | 'metaDataState';

function call(to: string, name: Read, ...args: readonly number[]): Request {
  return { method: 'eth_call', params: [{ to, data: contracts.encodeFunctionData(name, args) }, 'latest'] };
}

/** Undefined where the contract has no such answer. */
function read(answer: unknown, name: Read): unknown {
  if (typeof answer !== 'string') return undefined;
  try {
    return contracts.decodeFunctionResult(name, answer)[0];
  } catch {
    return undefined;
  }
}

function text(answer: unknown, name: Read): string | undefined {
  const value = read(answer, name);
  return typeof value === 'string' ? value.slice(0, MAX_CHARS) : undefined;
}

function number(answer: unknown, name: Read): number | undefined {
  const value = read(answer, name);
  return value === undefined ? undefined : Number(value);
}

const given = <Name extends string, Value>(name: Name, value: Value | undefined) =>
  (value === undefined ? {} : { [name]: value }) as Readonly<Partial<Record<Name, Value>>>;
