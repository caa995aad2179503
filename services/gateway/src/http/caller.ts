/** Who sent a request: what it brings as proof, by the one reader of it. */
import type { Context } from 'koa';
import type { Endpoint } from '@capstan/shared/contract/endpoints';
import { proofIn, ticketProof, type Proof } from '../auth/credentials.ts';
import type { TokenClaims } from '../auth/token.ts';
import type { Identify } from '../auth/identify.ts';

const NO_BODY = new Uint8Array();

/** What the headers bring. Throws VALIDATION for a typed signature that is not of its form. */
export function proofOf(ctx: Context, { path }: Pick<Endpoint, 'path'>, body: Uint8Array = NO_BODY): Proof | undefined {
  return proofIn(ctx.req.headers, () => ({
    method: ctx.method,
    paths: [path, ctx.path],
    query: ctx.querystring,
    body,
  }));
}

/** The same for what reads, which a ticket in the address opens, too. */
export async function proofToRead(ctx: Context, endpoint: Endpoint, identify: Identify): Promise<Proof | undefined> {
  const proof = proofOf(ctx, endpoint);
  const { ticket, signature } = ctx.query;
  if (proof || typeof ticket !== 'string' || ticket === '' || signature !== undefined) return proof;
  const identity = await identify.known({ ticket });
  return identity && ticketProof(identity);
}

/** Of the token that a request rests on, at first or at second hand. */
export async function claimsOf(proof: Proof | undefined, identify: Identify): Promise<TokenClaims | undefined> {
  return proof === undefined || proof.kind === 'typed' ? undefined : (await identify.known({}, proof))?.claims;
}

/** Tokens are made and taken back by signature: one does not beget another. */
export const signedOnly = (proof: Proof | undefined): Proof | undefined =>
  proof?.kind === 'typed' ? proof : undefined;
