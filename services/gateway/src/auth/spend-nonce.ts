/** Uses up a nonce, inside the transaction of the effect that it stands for: of any number of requests, one takes effect. */
import type { Nonces } from '../store/nonces.ts';
import { invalidSignature, type Caller } from './authenticate.ts';
import { isFresh } from './nonce.ts';

/** Throws INVALID_SIGNATURE for a nonce that is not greater than the caller's last one. */
export function spendNonce(nonces: Nonces, { address, nonce }: Caller): void {
  if (!isFresh(nonce, nonces.last(address))) throw invalidSignature();
  nonces.use(address, nonce);
}
