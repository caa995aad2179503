/** `GET /api/services/computeEnvironments`: what consumers can choose to run in. */
import type { EnvironmentObject } from '@capstan/shared/contract/answers';
import { EnvironmentsQuerySchema } from '@capstan/shared/contract/api';
import { ENDPOINTS } from '@capstan/shared/contract/endpoints';
import { compileInput } from '@capstan/shared/schema/input';
import { servesChain } from '../../scheduling/chains-served.ts';
import { checked, parameters } from '../input.ts';
import { route, type Route } from '../route.ts';

const validate = compileInput(EnvironmentsQuerySchema);

/** Without a chain: by chain id, as ocean.js and ocean.py index into it. With one: the plain list. */
export function getEnvironmentsRoute(list: () => readonly EnvironmentObject[], chainIds: readonly number[]): Route {
  return route(ENDPOINTS.computeEnvironments, (ctx) => {
    const { chainId, chainID = chainId } = checked(validate, parameters(ctx.query));
    const environments = list();
    const on = (chain: number) => environments.filter((environment) => servesChain(environment, chain));
    if (chainID === undefined) ctx.body = Object.fromEntries(chainIds.map((own) => [own, on(own)]));
    else ctx.body = chainIds.filter((own) => BigInt(own) === BigInt(chainID)).flatMap(on);
  });
}
