/** `GET /api/services/computeEnvironments`: what consumers can choose to run in. */
import type { EnvironmentObject } from '@capstan/shared/contract/answers';
import { EnvironmentsQuerySchema } from '@capstan/shared/contract/api';
import { ENDPOINTS } from '@capstan/shared/contract/endpoints';
import { compile } from '@capstan/shared/validate';
import { checked, parameters } from '../input.ts';
import { route, type Route } from '../route.ts';

const validate = compile(EnvironmentsQuerySchema);

/** Without a chain: by chain id, as ocean.js and ocean.py index into it. With one: the plain list. */
export function getEnvironmentsRoute(list: () => readonly EnvironmentObject[], ownChainId: number): Route {
  return route(ENDPOINTS.computeEnvironments, (ctx) => {
    const { chainId, chainID = chainId } = checked(validate, parameters(ctx.query));
    if (chainID === undefined) ctx.body = { [ownChainId]: list() };
    else ctx.body = BigInt(chainID) === BigInt(ownChainId) ? list() : [];
  });
}
