/** `GET /`: where clients look first. */
import { ENDPOINTS, SERVICE_ENDPOINTS } from '@capstan/shared/contract/endpoints';
import { jsonText, route } from '../route.ts';

interface NodeFacts {
  readonly chainIds: readonly number[];
  readonly address: string;
  /** Hex without `0x`. */
  readonly publicKey: string;
  readonly version: string;
}

/** `without`: names of routes that the operator has turned off. */
export function root({ chainIds, address, publicKey, version }: NodeFacts, without: readonly string[] = []) {
  const endpoints = Object.entries(SERVICE_ENDPOINTS).filter(([name]) => !without.includes(name));
  const answer = jsonText(
    JSON.stringify({
      software: 'Capstan',
      version,
      chainIds,
      providerAddresses: Object.fromEntries(chainIds.map((chainId) => [chainId, address])),
      providerAddress: address,
      publicKey: `0x${publicKey}`,
      serviceEndpoints: Object.fromEntries(endpoints),
    }),
  );
  return route(ENDPOINTS.root, () => answer);
}
