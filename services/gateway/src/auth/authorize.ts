/** Checks a caller's signature, and uses up the nonce inside the caller's transaction. */
import { parseAddress, parseNonce, type Address, type Nonce } from '@capstan/shared/contract/ids';
import { CapstanError } from '@capstan/shared/errors';
import type { Nonces } from '../store/nonces.ts';
import { isFresh } from './nonce.ts';
import { isSignedBy } from './signature.ts';

export interface Caller {
  readonly address: Address;
  readonly nonce: Nonce;
}

interface SignedRequest {
  readonly consumerAddress: string;
  readonly nonce: string;
  readonly signature: string;
  readonly message: string;
}

/** Ocean Provider's text, which clients show to their users. */
export const invalidSignature = () =>
  new CapstanError('INVALID_SIGNATURE', 'Invalid signature provided. Please check the nonce or documentId.');

/** The caller if the signature is theirs; throws INVALID_SIGNATURE otherwise. The nonce is not looked at yet. */
export function authenticate({ consumerAddress, nonce: nonceText, signature, message }: SignedRequest): Caller {
  const address = parseAddress(consumerAddress);
  const nonce = parseNonce(nonceText);
  if (!address || !nonce || !isSignedBy(address, message, signature)) throw invalidSignature();
  return { address, nonce };
}

/** Uses up the caller's nonce. Must run in the transaction of the effect it stands for. Throws INVALID_SIGNATURE for a used one. */
export function spendNonce(nonces: Nonces, { address, nonce }: Caller): void {
  if (!isFresh(nonce, nonces.last(address))) throw invalidSignature();
  nonces.use(address, nonce);
}
