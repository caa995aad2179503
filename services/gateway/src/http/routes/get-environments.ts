/** `GET /api/services/computeEnvironments`: what consumers can choose to run in. */
import type { EnvironmentObject } from '@capstan/shared/contract/answers';
import { ENDPOINTS } from '@capstan/shared/contract/endpoints';
import { servesChain } from '../../scheduling/chains-served.ts';
import type { WhatIsTrue } from '../../status/still-true.ts';
import type { Keep } from '../prepared-answers.ts';
import { jsonText, route } from '../route.ts';

interface EnvironmentsRouteOptions {
  readonly list: () => readonly EnvironmentObject[];
  readonly chainIds: readonly number[];
  readonly whatIsTrue: Pick<WhatIsTrue, 'now'>;
  readonly keep: Keep;
}

/** Without a chain: by chain id, as ocean.js and ocean.py index into it. With one: the plain list. */
export function getEnvironments({ list, chainIds, whatIsTrue, keep }: EnvironmentsRouteOptions) {
  const answer = (chain: number | string | undefined) => {
    const environments = list();
    const on = (chainId: number) => environments.filter((environment) => servesChain(environment, chainId));
    if (chain === undefined) return Object.fromEntries(chainIds.map((own) => [own, on(own)]));
    return chainIds.filter((own) => BigInt(own) === BigInt(chain)).flatMap(on);
  };
  return route(ENDPOINTS.computeEnvironments, ({ input: { chainId, chainID = chainId }, ctx }) => {
    const isStillTrue = whatIsTrue.now();
    const text = JSON.stringify(answer(chainID));
    keep(ctx, { text, headers: {}, isStillTrue });
    return jsonText(text);
  });
}
