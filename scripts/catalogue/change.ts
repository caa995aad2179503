/** An asset's description with some of it changed, PURE. What is undefined stays. */
import type { Container, Ddo } from '@capstan/shared/contract/ddo';
import type { Trust } from './ddo.ts';

export interface Changes {
  readonly name?: string | undefined;
  readonly description?: string | undefined;
  readonly isRawAllowed?: boolean | undefined;
  readonly isNetworkAllowed?: boolean | undefined;
  readonly trust: Trust;
  readonly credentials?: Ddo['credentials'];
  readonly container?: Container | undefined;
  readonly timeoutS?: number | undefined;
}

export function changed(ddo: Ddo, changes: Changes): Ddo {
  const { name, description, isRawAllowed, isNetworkAllowed, trust, credentials, container, timeoutS } = changes;
  const metadata = {
    ...ddo.metadata,
    ...(name === undefined ? {} : { name }),
    ...(description === undefined ? {} : { description }),
    ...(container === undefined ? {} : { algorithm: { ...ddo.metadata.algorithm, container } }),
  };
  const compute = {
    ...(isRawAllowed === undefined ? {} : { allowRawAlgorithm: isRawAllowed }),
    ...(isNetworkAllowed === undefined ? {} : { allowNetworkAccess: isNetworkAllowed }),
    ...trust,
  };
  const services = ddo.services.map((service) => ({
    ...service,
    ...(timeoutS === undefined ? {} : { timeout: timeoutS }),
    ...(service.type === 'compute' ? { compute: { ...service.compute, ...compute } } : {}),
  }));
  return { ...ddo, metadata, services, ...(credentials === undefined ? {} : { credentials }) };
}
