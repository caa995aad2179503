/** A transaction, as far as an order is read from it. */
import type { RpcLog } from './rpc-log.ts';

export interface Receipt {
  readonly chainId: number;
  /** Lower case, `0x` and 64 digits. */
  readonly txId: string;
  readonly isSuccess: boolean;
  readonly blockNumber: number;
  readonly blockHash: string;
  /** Those that an order may be read from. */
  readonly logs: readonly RpcLog[];
}
