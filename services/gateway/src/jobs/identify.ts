/** Who holds a connection open: by a token, by a ticket, or by a signature that uses up its nonce. */
import { CapstanError } from '@capstan/shared/errors';
import type { Address } from '@capstan/shared/contract/ids';
import type { Authenticate } from '../auth/authenticate.ts';
import { tokenMessage } from '../auth/message.ts';
import { spendNonce } from '../auth/spend-nonce.ts';
import type { Tickets } from '../auth/tickets.ts';
import type { TokenClaims, Tokens } from '../auth/token.ts';
import type { Store } from '../store/store.ts';

export interface Identity {
  readonly address: Address;
  /** The token that it rests on, at first or at second hand: it counts as long as that does. */
  readonly claims?: TokenClaims;
}

export interface Proof {
  readonly token?: string | undefined;
  readonly ticket?: string | undefined;
  readonly consumerAddress?: string | undefined;
  readonly nonce?: string | undefined;
  readonly signature?: string | undefined;
}

/** Rejects with INVALID_SIGNATURE for what proves nothing, VALIDATION for what lacks a part. */
export type Identify = (proof: Proof) => Promise<Identity>;

interface IdentifyOptions {
  readonly store: Store;
  readonly tokens: Pick<Tokens, 'read' | 'isRevoked'>;
  readonly tickets: Pick<Tickets<Identity>, 'redeem'>;
  readonly authenticate: Authenticate;
}

export function createIdentify({ store, tokens, tickets, authenticate }: IdentifyOptions): Identify {
  const byToken = async (token: string): Promise<Identity> => {
    const claims = await tokens.read(token);
    if (!claims || tokens.isRevoked(claims)) {
      throw new CapstanError(
        'INVALID_SIGNATURE',
        'The token is not valid: it is not of this node, has expired, or was taken back.',
      );
    }
    return { address: claims.address, claims };
  };

  const byTicket = (ticket: string): Identity => {
    const identity = tickets.redeem(ticket);
    if (!identity || (identity.claims && tokens.isRevoked(identity.claims))) {
      throw new CapstanError(
        'INVALID_SIGNATURE',
        'The ticket is not valid: it lasts half a minute and counts once. Ask for a new one.',
      );
    }
    return identity;
  };

  return async ({ token, ticket, consumerAddress, nonce, signature }) => {
    if (token !== undefined) return byToken(token);
    if (ticket !== undefined) return byTicket(ticket);
    const missing = Object.entries({ consumerAddress, nonce, signature }).filter(([, value]) => value === undefined);
    if (consumerAddress === undefined || nonce === undefined || missing.length > 0) {
      const fields = Object.fromEntries(missing.map(([name]) => [name, [`The ${name} field is required.`]]));
      throw new CapstanError('VALIDATION', 'Validation error', { fields });
    }
    const caller = await authenticate({ consumerAddress, nonce, signature }, (signed) =>
      tokenMessage({ address: consumerAddress, nonce: signed }),
    );
    await store.write(() => spendNonce(store.nonces, caller));
    return { address: caller.address };
  };
}
