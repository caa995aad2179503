/** Whom the node knows somebody as. */
import type { Address } from '@capstan/shared/contract/ids';
import type { TokenClaims } from './token.ts';

export interface Identity {
  readonly address: Address;
  /** The token that it rests on, at first or at second hand: it counts as long as that does. */
  readonly claims?: TokenClaims;
}
