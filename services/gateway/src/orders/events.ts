/**
 * What a receipt says happened, PURE: the events of datatokens and of the tokens that fees are paid in, each with who emitted it. They are
 * read out of the raw words: a general decoder takes milliseconds for each, and anyone may name a transaction with thousands.
 */
import { nameOf } from '../chain/order-logs.ts';
import type { Receipt } from '../chain/receipt.ts';
import { TOPICS } from '../chain/topics.ts';

/** Every address in lower case; anyone can emit anything, so `by` decides what an event is worth. */
interface Emitted {
  readonly by: string;
}

export interface OrderStarted extends Emitted {
  readonly kind: 'started';
  readonly consumer: string;
  readonly payer: string;
  readonly amount: bigint;
  readonly serviceIndex: bigint;
  /** Unix seconds. */
  readonly timestamp: bigint;
}

export interface OrderReused extends Emitted {
  readonly kind: 'reused';
  readonly orderTxId: string;
  readonly caller: string;
  readonly timestamp: bigint;
}

export interface ProviderFee extends Emitted {
  readonly kind: 'fee';
  readonly address: string;
  readonly token: string;
  readonly amount: bigint;
  /** Hex. */
  readonly providerData: string;
  readonly signature: { readonly v: number; readonly r: string; readonly s: string };
  readonly validUntil: bigint;
}

export interface Transfer extends Emitted {
  readonly kind: 'transfer';
  readonly from: string;
  readonly to: string;
  readonly value: bigint;
}

export type ChainEvent = OrderStarted | OrderReused | ProviderFee | Transfer;

/** What a log says, as the words of 32 bytes that its indexed and its other values are. */
interface Words {
  readonly topics: readonly string[];
  readonly data: readonly string[];
  /** Of all other values. */
  readonly text: string;
}

type Unsigned<T> = T extends Emitted ? Omit<T, 'by'> : never;
type Read = (words: Words) => Unsigned<ChainEvent> | undefined;

const readers: Readonly<Record<string, Read>> = {
  [TOPICS.started]({ topics, data }) {
    const [consumer, market] = topics.map(addressIn);
    const [payer, amount, serviceIndex, timestamp, blockNumber] = data;
    if (!consumer || !market || !payer || !amount || !serviceIndex || !timestamp || !blockNumber) return undefined;
    const payerAddress = addressIn(payer);
    if (!payerAddress) return undefined;
    return {
      kind: 'started',
      consumer,
      payer: payerAddress,
      amount: BigInt(amount),
      serviceIndex: BigInt(serviceIndex),
      timestamp: BigInt(timestamp),
    };
  },
  [TOPICS.reused]({ data: [orderTxId, callerWord = '', timestamp, number] }) {
    const caller = addressIn(callerWord);
    if (!orderTxId || !caller || !timestamp || !number) return undefined;
    return { kind: 'reused', orderTxId, caller, timestamp: BigInt(timestamp) };
  },
  [TOPICS.fee]({ topics, data, text }) {
    const [address, token] = topics.map(addressIn);
    const [amount, offset, v, r, s, validUntil] = data;
    if (!address || !token || !amount || !offset || !v || !r || !s || !validUntil) return undefined;
    const providerData = bytesAt(text, BigInt(offset));
    if (providerData === undefined || BigInt(v) > 255n) return undefined;
    const signature = { v: Number(v), r, s };
    return {
      kind: 'fee',
      address,
      token,
      amount: BigInt(amount),
      providerData,
      signature,
      validUntil: BigInt(validUntil),
    };
  },
  [TOPICS.transfer]({ topics, data: [value] }) {
    const [from, to] = topics.map(addressIn);
    return from && to && value ? { kind: 'transfer', from, to, value: BigInt(value) } : undefined;
  },
};

/** How many values of an event are indexed: the Transfer of an NFT has one more. */
const INDEXED: Readonly<Record<string, number>> = {
  [TOPICS.started]: 2,
  [TOPICS.reused]: 0,
  [TOPICS.fee]: 2,
  [TOPICS.transfer]: 2,
};

/** Undefined for what is none of these events, or another contract's event under the same name. */
export function decodeLog({ address, topics: [name = '', ...indexed], data }: Receipt['logs'][number]) {
  const topic = nameOf({ topics: [name] });
  if (indexed.length !== INDEXED[topic]) return undefined;
  const words = { topics: indexed.map(lower), data: wordsOf(data), text: data.slice(2).toLowerCase() };
  const event = readers[topic]?.(words);
  return event && { ...event, by: address.toLowerCase() };
}

const lower = (text: string) => text.toLowerCase();

/** Whole words only; the values of an event before those of changing length are the first six at most. */
const wordsOf = (data: string): readonly string[] =>
  (data.slice(2, 2 + 6 * 64).match(/[0-9a-fA-F]{64}/g) ?? []).map((word) => `0x${word.toLowerCase()}`);

function addressIn(word: string): string | undefined {
  return /^0x0{24}[0-9a-f]{40}$/.test(word) ? `0x${word.slice(26)}` : undefined;
}

/** Bytes stand as their length and then themselves. */
function bytesAt(text: string, offset: bigint): string | undefined {
  const begin = Number(offset) * 2;
  const length = Number(`0x${text.slice(begin, begin + 64) || '0'}`);
  const bytes = text.slice(begin + 64, begin + 64 + length * 2);
  return text.length >= begin + 64 && bytes.length === length * 2 ? `0x${bytes}` : undefined;
}
