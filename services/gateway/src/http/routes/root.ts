/** `GET /`: where clients look first. */
import type { Route } from '../app.ts';
import { ENDPOINTS } from './endpoints.ts';

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
    serviceEndpoints: ENDPOINTS,
  });
  return (router) => {
    router.get('/', (ctx) => {
      ctx.type = 'json';
      ctx.body = body;
    });
  };
}
