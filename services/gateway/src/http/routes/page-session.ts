/** `GET /ui/session`: what the page may show to whom. It has no place in the API: a client of it knows who it is. */
import type { Config } from '@capstan/shared/config/schema';
import { hasCode } from '@capstan/shared/contract/errors';
import type { IsOperator } from '../../auth/operators.ts';
import type { Identify } from '../../auth/identify.ts';
import { proofOf } from '../caller.ts';
import type { Route } from '../route.ts';

export interface PageSessionOptions {
  readonly identify: Identify;
  /** The node's own address, which typed signatures name. */
  readonly provider: string;
  readonly isOperator: IsOperator;
  readonly statusAccess: Config['gateway']['statusAccess'];
}

export function pageSessionRoute({ identify, provider, isOperator, statusAccess }: PageSessionOptions): Route {
  return (router) => {
    router.get('/ui/session', async (ctx) => {
      const proof = proofOf(ctx, { path: ctx.path });
      // The page asks with whatever token it has kept: one that counts no more is nobody's.
      const identity = await identify.known({}, proof).catch((error: unknown) => {
        if (!hasCode(error, 'INVALID_SIGNATURE')) throw error;
      });
      const address = identity?.address;
      ctx.set('Cache-Control', 'no-store');
      ctx.body = { statusAccess, provider, caller: address ? { address, isOperator: isOperator(address) } : null };
    });
  };
}
