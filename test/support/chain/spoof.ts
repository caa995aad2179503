/** Contracts of cheats, assembled by hand: their constructors call whom they like and emit what they like. */
import { getBytes, hexlify, Interface, toBeHex, zeroPadValue } from 'ethers';
import type { ProviderFee } from '@capstan/shared/contract/quotes';

export type Act =
  /** An event, from the contract's own address. */
  | { readonly kind: 'emit'; readonly topics: readonly string[]; readonly data: string }
  | { readonly kind: 'call'; readonly to: string; readonly data: string };

export const calling = (to: string, data: string): Act => ({ kind: 'call', to, data });

const OP = { mstore: '52', gas: '5a', call: 'f1', pop: '50', stop: '00', log0: 0xa0 } as const;

const push32 = (value: string) => `7f${zeroPadValue(value, 32).slice(2)}`;
const pushNumber = (value: number) => `63${value.toString(16).padStart(8, '0')}`;

/** The data of a transaction that creates the contract; it does all this at once, and leaves no code. */
export function contractThat(...acts: readonly Act[]): string {
  return `0x${acts.map(codeOf).join('')}${OP.stop}`;
}

/** The data of a transaction that creates a contract which does all this whenever anybody calls it. */
export function contractThatAlways(...acts: readonly Act[]): string {
  const code = contractThat(...acts).slice(2);
  const size = (code.length / 2).toString(16).padStart(4, '0');
  // Copies what follows into memory, and returns it as the contract's code.
  return `0x61${size}80600c6000396000f3${code}`;
}

function codeOf(act: Act): string {
  const bytes = getBytes(act.data);
  const size = pushNumber(bytes.length);
  const zero = pushNumber(0);
  if (act.kind === 'call') {
    return [inMemory(bytes), zero, zero, size, zero, zero, push32(act.to), OP.gas, OP.call, OP.pop].join('');
  }
  const topics = act.topics.toReversed().map(push32);
  return [inMemory(bytes), ...topics, size, zero, (OP.log0 + topics.length).toString(16)].join('');
}

function inMemory(bytes: Uint8Array): string {
  const words = Array.from({ length: Math.ceil(bytes.length / 32) }, (_, index) => {
    const word = new Uint8Array(32);
    word.set(bytes.subarray(index * 32, index * 32 + 32));
    return push32(hexlify(word)) + push32(toBeHex(index * 32)) + OP.mstore;
  });
  return words.join('');
}

/** Creates a contract that answers 1 to whatever it is asked: an NFT that calls every token its own. */
export const YES_MAN = '0x600a600c600039600a6000f3600160005260206000f3';

const events = new Interface([
  'event OrderStarted(address indexed consumer, address payer, uint256 amount, uint256 serviceIndex, uint256 timestamp, address indexed publishMarketAddress, uint256 blockNumber)',
  'event ProviderFee(address indexed providerFeeAddress, address indexed providerFeeToken, uint256 providerFeeAmount, bytes providerData, uint8 v, bytes32 r, bytes32 s, uint256 validUntil)',
]);

/** The word that somebody ordered. */
export function startedBy(consumer: string, amount: bigint, timestamp: number): Act {
  const values = [consumer, consumer, amount, 0, timestamp, consumer, 1];
  return { kind: 'emit', ...events.encodeEventLog('OrderStarted', values) };
}

/** The word that a fee was paid. */
export function paid(fee: ProviderFee): Act {
  const { providerFeeAddress, providerFeeToken, providerFeeAmount, providerData, v, r, s, validUntil } = fee;
  const values = [providerFeeAddress, providerFeeToken, providerFeeAmount, providerData, v, r, s, validUntil];
  return { kind: 'emit', ...events.encodeEventLog('ProviderFee', values) };
}
