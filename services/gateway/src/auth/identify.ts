/** Who holds a connection open, or asks for what reads: by a token, by a ticket, or by a signature. */
import { CapstanError } from '@capstan/shared/contract/errors';
import type { Authenticate } from './authenticate.ts';
import { requireOurs, type Proof } from './credentials.ts';
import type { Identity } from './identity.ts';
import { badToken, invalidSignature } from './invalid-signature.ts';
import { tokenMessage } from './message.ts';
import type { NonceBook } from './nonce-book.ts';
import type { Tickets } from './tickets.ts';
import type { Tokens } from './token.ts';
import type { Store } from '../store/store.ts';

export type { Identity };

/** What a client says itself. */
export interface Asking {
  readonly token?: string | undefined;
  readonly ticket?: string | undefined;
  readonly consumerAddress?: string | undefined;
  readonly nonce?: string | undefined;
  readonly signature?: string | undefined;
}

/** What the node knows of a request beside that. */
export interface Source {
  /** What came in the headers. */
  readonly proof?: Proof | undefined;
  readonly network: string;
}

export interface Identify {
  /** By a token or a ticket, or by a typed signature that only reads. Undefined if there is none of them. Rejects with INVALID_SIGNATURE. */
  known(asking: Pick<Asking, 'token' | 'ticket'>, proof?: Proof): Promise<Identity | undefined>;
  /** The same, or by a signature that uses up its nonce. Rejects with VALIDATION for what lacks a part, too. */
  act(asking: Asking, source: Source): Promise<Identity>;
}

interface IdentifyOptions {
  readonly store: Store;
  readonly tokens: Pick<Tokens, 'read' | 'counts'>;
  readonly tickets: Pick<Tickets<Identity>, 'redeem'>;
  readonly authenticate: Authenticate;
  readonly nonces: Pick<NonceBook, 'spend'>;
}

export function createIdentify({ store, tokens, tickets, authenticate, nonces }: IdentifyOptions): Identify {
  const byToken = async (token: string): Promise<Identity> => {
    const claims = await tokens.read(token);
    if (!claims || !tokens.counts(claims)) throw badToken();
    return { address: claims.address, claims };
  };

  const byTicket = (ticket: string): Identity => {
    const identity = tickets.redeem(ticket);
    if (!identity || (identity.claims && !tokens.counts(identity.claims))) {
      throw invalidSignature(
        'The ticket is not valid: it lasts half a minute, ends with its token, and counts once. Ask for a new one.',
      );
    }
    return identity;
  };

  const byHeld = async ({ token, ticket }: Asking, proof: Proof | undefined): Promise<Identity | undefined> => {
    requireOurs(proof);
    if (proof?.kind === 'token') return byToken(proof.token);
    if (proof?.kind === 'ticket') return proof.identity;
    if (token !== undefined) return byToken(token);
    return ticket === undefined ? undefined : byTicket(ticket);
  };

  return {
    async known(asking, proof) {
      if (proof?.kind !== 'typed') return byHeld(asking, proof);
      const { address } = await authenticate.status({ consumerAddress: proof.header.address }, () => '', proof);
      return { address };
    },
    async act(asking, { proof, network }) {
      const { nonce, signature } = asking;
      const typed = proof?.kind === 'typed' ? proof : undefined;
      // A signature that comes along decides.
      const held = typed === undefined && signature === undefined ? await byHeld(asking, proof) : undefined;
      if (held) return held;
      const consumerAddress = asking.consumerAddress ?? typed?.header.address;
      const missing = Object.entries({ consumerAddress, ...(typed ? {} : { nonce, signature }) }).filter(
        ([, value]) => value === undefined,
      );
      if (consumerAddress === undefined || missing.length > 0) {
        const fields = Object.fromEntries(missing.map(([name]) => [name, [`The ${name} field is required.`]]));
        throw new CapstanError('VALIDATION', 'Validation error', { fields });
      }
      const caller = await authenticate.act(
        { consumerAddress, nonce, signature },
        { purpose: 'ticket', text: (signed) => tokenMessage({ address: consumerAddress, nonce: signed }) },
        proof,
      );
      await store.write(() => nonces.spend(caller.address, caller.nonce, network));
      return { address: caller.address };
    },
  };
}
