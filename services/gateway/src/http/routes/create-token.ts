/** `GET /api/services/createAuthToken`: a token that stands for a signature. */
import { CreateTokenQuerySchema, type CreateTokenQuery } from '@capstan/shared/contract/api';
import { ENDPOINTS } from '@capstan/shared/contract/endpoints';
import { compile } from '@capstan/shared/validate';
import { checked, parameters } from '../input.ts';
import { route, type Route } from '../route.ts';

const validate = compile(CreateTokenQuerySchema);

export function createTokenRoute(create: (request: CreateTokenQuery) => Promise<string>): Route {
  return route(ENDPOINTS.createAuthToken, async (ctx) => {
    const token = await create(checked(validate, parameters(ctx.query)));
    ctx.set('Cache-Control', 'no-store');
    ctx.body = { token };
  });
}
