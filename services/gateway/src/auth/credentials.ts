/** What a request brings to prove who sends it: read in one place, the same for every route and for sockets. */
import type { IncomingHttpHeaders } from 'node:http';
import { parseTypedHeader, TYPED_HEADER, type TypedHeader } from '@capstan/shared/contract/typed-signature';
import { CapstanError } from '@capstan/shared/contract/errors';
import type { Identity } from './identity.ts';
import type { RawRequest } from './typed-data.ts';

/** Nothing that is sent can hold it: what bears it was made here. */
const OURS = Symbol('ours');
interface Ours {
  readonly [OURS]: true;
}

/** Never a part of a client's input, and never beside one in an object: it goes from hand to hand as an argument of its own. */
export type Proof = Ours &
  (
    | { readonly kind: 'typed'; readonly header: TypedHeader; readonly request: RawRequest }
    | { readonly kind: 'token'; readonly token: string }
    /** Redeemed already, for it counts once. */
    | { readonly kind: 'ticket'; readonly identity: Identity }
  );
export type ProofOf<Kind extends Proof['kind']> = Extract<Proof, { readonly kind: Kind }>;

/** What the headers say, the typed signature before the token. Throws VALIDATION for a typed signature that is not of its form. */
export function proofIn(
  headers: IncomingHttpHeaders,
  request: () => RawRequest,
): ProofOf<'typed' | 'token'> | undefined {
  const typed = present(headers[TYPED_HEADER.toLowerCase()]);
  if (typed !== undefined) {
    const header = parseTypedHeader(typed);
    if (header) return { [OURS]: true, kind: 'typed', header, request: request() };
    throw new CapstanError('VALIDATION', 'Validation error', { fields: { [TYPED_HEADER]: [FORM] } });
  }
  const token = present(headers['authtoken']) ?? bearer(headers.authorization);
  return token === undefined ? undefined : { [OURS]: true, kind: 'token', token };
}

/** Of whom a ticket stood for, once it is redeemed. */
export const ticketProof = (identity: Identity): ProofOf<'ticket'> => ({ [OURS]: true, kind: 'ticket', identity });

/** The types say so; this holds where something passes by them. */
export function requireOurs(proof: Proof | undefined): void {
  if (proof !== undefined && !Object.hasOwn(proof, OURS)) throw new Error('A proof came from outside.');
}

/** What scripts write into a header that they have nothing for counts as nothing. */
function present(value: string | readonly string[] | undefined): string | undefined {
  const text = typeof value === 'string' ? value.trim() : undefined;
  return text === '' || text === 'undefined' || text === 'null' ? undefined : text;
}

/** Any other kind of authorization is for somebody else: a proxy, a store. */
function bearer(authorization: string | undefined): string | undefined {
  const [, token] = /^Bearer +(\S+) *$/i.exec(authorization ?? '') ?? [];
  return present(token);
}

const FORM = 'The Capstan-Signature header must be address=0x…, nonce=…, expires=… (Unix seconds), signature=0x….';
