/** Typed signatures, PURE: what a consumer's wallet signs to make one request, as the header that carries it. */
import { keccak256, toUtf8Bytes, TypedDataEncoder, type Wallet } from 'ethers';
import { TYPED_TYPES, typedDomain, writeTypedHeader } from '@capstan/shared/contract/typed-signature';

export interface TypedRequest {
  readonly method: string;
  /** With its query, as it is sent; what a proxy puts in front of the node's own path is left out. */
  readonly url: string;
  readonly body?: string | Uint8Array | undefined;
}

interface TypedSigning {
  readonly wallet: Pick<Wallet, 'address' | 'signingKey'>;
  /** The node's own address: `providerAddress` of its `GET /`. */
  readonly provider: string;
  readonly nonce: string;
  /** Unix seconds, five minutes ahead at most. */
  readonly expiresAtS: number;
}

/** The value of the header Capstan-Signature. */
export function typedSignature(
  { method, url, body = '' }: TypedRequest,
  { wallet, provider, nonce, expiresAtS }: TypedSigning,
): string {
  const { pathname, search } = new URL(url);
  const expires = String(expiresAtS);
  const message = {
    method: method.toUpperCase(),
    path: pathname.slice(Math.max(0, pathname.indexOf('/api/'))),
    query: search.slice(1),
    bodyHash: keccak256(typeof body === 'string' ? toUtf8Bytes(body) : body),
    consumer: wallet.address,
    nonce,
    expires,
  };
  const digest = TypedDataEncoder.hash(typedDomain(provider), TYPED_TYPES, message);
  const { serialized: signature } = wallet.signingKey.sign(digest);
  return writeTypedHeader({ address: wallet.address, nonce, expires, signature });
}
