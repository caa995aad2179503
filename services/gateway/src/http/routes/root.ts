/** `GET /`: where clients look first. */
import type { NodeIdentity } from '../../identity.ts';
import type { Route } from '../app.ts';
import { ENDPOINTS } from './endpoints.ts';

export function rootRoute({ chainId, address, publicKey, version }: NodeIdentity): Route {
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
