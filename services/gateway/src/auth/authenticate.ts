/** Who is calling: by a signature over one of the texts that clients sign for this request, or by a token. */
import { parseAddress, parseNonce, type Address, type Nonce } from '@capstan/shared/contract/ids';
import { CapstanError } from '@capstan/shared/errors';
import { isSignedBy } from './signature.ts';
import type { Tokens } from './token.ts';

/** What every signed request brings. A signature that is present takes precedence over a token. */
export interface Credentials {
  readonly consumerAddress: string;
  readonly nonce?: string | undefined;
  readonly signature?: string | undefined;
  readonly token?: string | undefined;
}

export interface Caller {
  readonly address: Address;
  readonly nonce: Nonce;
}

/** The text that the caller should have signed, given the nonce. */
export type MessageOf = (nonce: string) => string;

export type Authenticate = (credentials: Credentials, message: MessageOf) => Promise<Caller>;

/** Ocean Provider's text, which clients show to their users. */
export const invalidSignature = () =>
  new CapstanError('INVALID_SIGNATURE', 'Invalid signature provided. Please check the nonce or documentId.');

/** Resolves to the caller, or rejects with INVALID_SIGNATURE, or TOO_MANY_REQUESTS. The nonce is well-formed; whether it is fresh, `spendNonce` decides. */
export function createAuthenticate(
  tokens: Pick<Tokens, 'addressOf'>,
  limitCaller: (address: Address) => void,
): Authenticate {
  return async ({ consumerAddress, nonce: nonceText, signature, token }, message) => {
    const address = parseAddress(consumerAddress);
    const nonce = nonceText === undefined ? undefined : parseNonce(nonceText);
    if (!address || !nonce) throw invalidSignature();
    const isTheirs =
      signature === undefined
        ? token !== undefined && (await tokens.addressOf(token)) === address
        : isSignedBy(address, message(nonce), signature);
    if (!isTheirs) throw invalidSignature();
    // After the check: nobody else can use up what an address may ask.
    limitCaller(address);
    return { address, nonce };
  };
}
