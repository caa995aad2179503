/** `GET /api/services/computeEnvironments`: what consumers can choose to run in. */
import type { EnvironmentObject } from '@capstan/shared/contract/answers';
import { ENDPOINTS } from '@capstan/shared/contract/endpoints';
import { servesChain } from '../../scheduling/chains-served.ts';
import { route } from '../route.ts';

/** Without a chain: by chain id, as ocean.js and ocean.py index into it. With one: the plain list. */
export const getEnvironments = (list: () => readonly EnvironmentObject[], chainIds: readonly number[]) =>
  route(ENDPOINTS.computeEnvironments, ({ input: { chainId, chainID = chainId } }) => {
    const environments = list();
    const on = (chain: number) => environments.filter((environment) => servesChain(environment, chain));
    if (chainID === undefined) return Object.fromEntries(chainIds.map((own) => [own, on(own)]));
    return chainIds.filter((own) => BigInt(own) === BigInt(chainID)).flatMap(on);
  });
