/** `GET /api/services/computeEnvironments`: what consumers can choose to run in. */
import { EnvironmentsQuerySchema } from '@capstan/shared/contract/api';
import { compile } from '@capstan/shared/validate';
import type { ListEnvironments } from '../../jobs/environments.ts';
import type { Route } from '../app.ts';
import { checked, parameters } from '../input.ts';
import { ENDPOINTS } from './endpoints.ts';

const validate = compile(EnvironmentsQuerySchema);

/** Without a chain: by chain id, as ocean.js and ocean.py index into it. With one: the plain list. */
export function getEnvironmentsRoute(list: ListEnvironments, ownChainId: number): Route {
  return (router) => {
    router.get(ENDPOINTS.computeEnvironments[1], (ctx) => {
      const { chainId, chainID = chainId } = checked(validate, parameters(ctx.query));
      if (chainID === undefined) ctx.body = { [ownChainId]: list() };
      else ctx.body = BigInt(chainID) === BigInt(ownChainId) ? list() : [];
    });
  };
}
