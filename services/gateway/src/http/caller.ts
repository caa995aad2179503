/** Who sent a request, by its headers or by a ticket in its address. */
import type { Context } from 'koa';
import type { Identify, Identity } from '../jobs/identify.ts';

/** As the header AuthToken, or as every other API has it. */
export function tokenIn(ctx: Context): string | undefined {
  const [, bearer] = /^Bearer +(\S+)$/i.exec(ctx.get('Authorization')) ?? [];
  return ctx.get('AuthToken') || bearer;
}

/** Undefined if the request names nobody. Rejects with INVALID_SIGNATURE for a token or ticket that does not count. */
export async function callerOf(ctx: Context, identify: Identify, ticket?: string): Promise<Identity | undefined> {
  const token = tokenIn(ctx);
  return token === undefined && ticket === undefined ? undefined : identify({ token, ticket });
}
