/** Who looks after the node, PURE. An operator sees how all jobs stand and may stop each; what is in them stays their owner's. */
import { parseAddress, type Address } from '@capstan/shared/contract/ids';

export type IsOperator = (address: Address) => boolean;

export function createOperators(addresses: readonly string[]): IsOperator {
  const operators: ReadonlySet<Address> = new Set(addresses.flatMap((address) => parseAddress(address) ?? []));
  return (address) => operators.has(address);
}
