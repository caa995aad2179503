/** What orders are of. */
import type { Ddo, Service } from '@capstan/shared/contract/ddo';

/** One asset of a job, and the order that is said to be of it. */
export interface Ordered {
  /** As the request names it: `dataset`, `datasets[1]`, `algorithm`. */
  readonly resource: string;
  readonly ddo: Ddo;
  readonly service: Service;
  readonly transferTxId: string | undefined;
}
