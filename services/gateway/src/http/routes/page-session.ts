/** `GET /ui/session`: what the page may show to whom. It has no place in the API: a client of it knows who it is. */
import type { Config } from '@capstan/shared/config/schema';
import type { IsOperator } from '../../auth/operators.ts';
import type { Tokens } from '../../auth/token.ts';
import type { Route } from '../route.ts';

interface PageSessionOptions {
  readonly tokens: Pick<Tokens, 'addressOf'>;
  readonly isOperator: IsOperator;
  readonly statusAccess: Config['gateway']['statusAccess'];
}

export function pageSessionRoute({ tokens, isOperator, statusAccess }: PageSessionOptions): Route {
  return (router) => {
    router.get('/ui/session', async (ctx) => {
      const token = ctx.get('AuthToken');
      const address = token === '' ? undefined : await tokens.addressOf(token);
      ctx.set('Cache-Control', 'no-store');
      ctx.body = { statusAccess, caller: address ? { address, isOperator: isOperator(address) } : null };
    });
  };
}
