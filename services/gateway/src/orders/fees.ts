/** What a minute costs, and how this node signs its price, PURE. Source: the wire contract, §7. */
import { getBytes, hashMessage, hexlify, solidityPackedKeccak256, toUtf8Bytes, toUtf8String } from 'ethers';
import { parseJson } from '@capstan/shared/runtime/json';

/** What a fee is asked for. */
export interface FeeSubject {
  readonly environment: string;
  /** Unix seconds at which it was asked for. */
  readonly timestamp: number;
  /** The datatoken that is ordered. */
  readonly dt: string;
  /** The service's id. */
  readonly id: string;
  /** Of the asset, where the node serves several chains: one address may be two tokens, and what is signed besides names no chain. */
  readonly chainId?: number | undefined;
}

export interface FeeTerms {
  /** Hex of the JSON of its subject. */
  readonly providerData: string;
  readonly providerFeeAddress: string;
  readonly providerFeeToken: string;
  /** In the smallest unit of the token. */
  readonly providerFeeAmount: bigint;
  /** Unix seconds. */
  readonly validUntil: bigint;
}

export const NO_TOKEN = `0x${'0'.repeat(40)}`;

const SECONDS_A_MINUTE = 60n;

interface Price {
  /** In whole tokens, a fraction allowed. */
  readonly priceMin: number;
  readonly decimals: number;
}

/** Minutes that have begun, from `nowS` to `validUntilS`, times the price of a minute, in the smallest unit of the token. */
export function feeAmount(nowS: number, validUntilS: number, { priceMin, decimals }: Price): bigint {
  const seconds = BigInt(Math.max(0, Math.ceil(validUntilS - nowS)));
  const minutes = (seconds + SECONDS_A_MINUTE - 1n) / SECONDS_A_MINUTE;
  // The digits as a person wrote them: 0.6 is six tenths here, and not the nearest number that a machine has.
  const [mantissa = '0', exponent = '0'] = priceMin.toExponential().split('e');
  const [whole = '0', fraction = ''] = mantissa.split('.');
  const scale = fraction.length - Number(exponent) - decimals;
  const exact = minutes * BigInt(whole + fraction);
  if (scale <= 0) return exact * 10n ** BigInt(-scale);
  const divisor = 10n ** BigInt(scale);
  // What the token can't express is rounded up.
  return (exact + divisor - 1n) / divisor;
}

/** Written as Ocean Provider does, without spaces. */
export function providerDataOf({ environment, timestamp, dt, id, chainId }: FeeSubject): string {
  return hexlify(toUtf8Bytes(JSON.stringify({ environment, timestamp, dt, id, chainId })));
}

/** Hex of what providers write, some 300 bytes. */
const MAX_DATA_CHARS = 10_000;

/** What a fee's data name; undefined for what no provider wrote. */
export function readProviderData(providerData: string): Partial<Record<keyof FeeSubject, unknown>> | undefined {
  // Whoever orders writes what he likes there.
  if (providerData.length > MAX_DATA_CHARS) return undefined;
  try {
    const value = parseJson(toUtf8String(providerData));
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

/** The hash that is signed: of the terms, as a message that a wallet would sign. */
export function feeDigest(terms: FeeTerms): string {
  const hash = solidityPackedKeccak256(
    ['bytes', 'address', 'address', 'uint256', 'uint256'],
    [terms.providerData, terms.providerFeeAddress, terms.providerFeeToken, terms.providerFeeAmount, terms.validUntil],
  );
  return hashMessage(getBytes(hash));
}
