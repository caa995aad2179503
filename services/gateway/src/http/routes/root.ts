/** `GET /`: where clients look first. */
import { ENDPOINTS, SERVICE_ENDPOINTS } from '@capstan/shared/contract/endpoints';
import { route, type Route } from '../route.ts';

interface NodeFacts {
  readonly chainId: number;
  readonly address: string;
  /** Hex without `0x`. */
  readonly publicKey: string;
  readonly version: string;
}

export function rootRoute({ chainId, address, publicKey, version }: NodeFacts): Route {
  const body = JSON.stringify({
    software: 'Capstan',
    version,
    chainIds: [chainId],
    providerAddresses: { [chainId]: address },
    providerAddress: address,
    publicKey: `0x${publicKey}`,
    serviceEndpoints: SERVICE_ENDPOINTS,
  });
  return route(ENDPOINTS.root, (ctx) => {
    ctx.type = 'json';
    ctx.body = body;
  });
}
