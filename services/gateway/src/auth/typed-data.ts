/** Whether a typed signature is its signer's for this very request. */
import { concat, keccak256, TypedDataEncoder } from 'ethers';
import type { Address } from '@capstan/shared/contract/ids';
import { parseAddress } from '@capstan/shared/contract/ids';
import { TYPED_LASTS_S, TYPED_TYPES, typedDomain, type TypedHeader } from '@capstan/shared/contract/typed-signature';
import { keccakOf } from './keccak.ts';
import { recoverDigest } from './signature.ts';

/** What was asked, as it came. */
export interface RawRequest {
  readonly method: string;
  /** The route's own path, and another one that means the same if it was asked by that. */
  readonly paths: readonly string[];
  /** Without the question mark. */
  readonly query: string;
  readonly body: Uint8Array;
}

export type TypedVerdict =
  | { readonly kind: 'signed'; readonly address: Address }
  /** `problem` is shown to the caller. */
  | { readonly kind: 'bad'; readonly problem: string };

interface Judging {
  readonly request: RawRequest;
  readonly provider: string;
  readonly nowMs: number;
}

export async function judgeTyped(header: TypedHeader, { request, provider, nowMs }: Judging): Promise<TypedVerdict> {
  const address = parseAddress(header.address);
  if (!address) return bad('The address of the Capstan-Signature header is none.');
  const aheadMs = Number(header.expires) * 1_000 - nowMs;
  const clock = `it expires at ${header.expires}, and here it is ${Math.floor(nowMs / 1_000)} (Unix seconds)`;
  if (aheadMs <= 0) return bad(`The Capstan-Signature is over: ${clock}. Sign again, and look at your clock.`);
  if (aheadMs > TYPED_LASTS_S * 1_000) {
    return bad(`A Capstan-Signature lasts ${TYPED_LASTS_S} seconds at most: ${clock}. Sign with an earlier end.`);
  }
  const bodyHash = await keccakOf(request.body);
  const message = { query: request.query, bodyHash, consumer: address, nonce: header.nonce, expires: header.expires };
  // A HEAD is a GET whose answer is cut short.
  const methods = request.method === 'HEAD' ? ['HEAD', 'GET'] : [request.method];
  let recovered: Address | undefined;
  for (const method of methods) {
    for (const path of new Set(request.paths)) {
      const signer = recoverDigest(header.signature, digestOf(provider, { ...message, method, path }));
      if (signer === address) return { kind: 'signed', address };
      recovered ??= signer;
    }
  }
  const [path = ''] = request.paths;
  const expected = JSON.stringify({ method: request.method, path, ...message, consumer: header.address });
  return bad(
    `The Capstan-Signature is not ${header.address}'s for this request: ${recoveredText(recovered)}. What should have been signed is ${expected}, in the domain ${JSON.stringify(typedDomain(provider))}.`,
  );
}

/** Made once: to work out of the types how they are written takes longer than to write them, and anybody may send signatures. */
const encoder = new TypedDataEncoder(TYPED_TYPES);

/** What is signed (EIP-712): of the domain, and of the message. */
const digestOf = (provider: string, message: Readonly<Record<string, unknown>>): string =>
  keccak256(concat(['0x1901', TypedDataEncoder.hashDomain(typedDomain(provider)), encoder.hash(message)]));

export const recoveredText = (address: Address | undefined): string =>
  address === undefined ? 'the signature that came is of nobody at all' : `what was signed recovers to ${address}`;

const bad = (problem: string): TypedVerdict => ({ kind: 'bad', problem });
