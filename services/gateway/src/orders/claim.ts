/** What is claimed of a transaction, and what comes of judging it: the words of `verify`, PURE. */
import type { Ddo, Service } from '@capstan/shared/contract/ddo';
import type { Address } from '@capstan/shared/contract/ids';
import type { Receipt } from '../chain/receipt.ts';
import type { Reading } from './reading.ts';

export interface OrderClaim {
  readonly ddo: Ddo;
  readonly service: Service;
  readonly caller: Address;
  /** Undefined for what is not computed on: any fee of this service counts, and one without an end. */
  readonly environment: string | undefined;
  /** Whose fee it must be: ours, of the key that we have or of one that we had. */
  readonly providers: readonly Address[];
}

/** The receipts of the transaction that was named, and of the start that it reuses, if it does. */
export interface OrderReceipts {
  readonly named: Receipt;
  readonly started?: Receipt;
}

export interface VerifiedOrder {
  readonly chainId: number;
  /** The transaction that started it. */
  readonly orderTx: string;
  readonly transferTx: string;
  readonly datatoken: string;
  readonly fee: { readonly token: string; readonly amount: bigint; readonly validUntil: number };
}

export type OrderRefusal =
  | 'order_failed'
  | 'order_not_of_datatoken'
  | 'order_reuse_of_unknown'
  | 'order_wrong_service'
  | 'order_too_little'
  | 'order_wrong_consumer'
  | 'order_expired'
  | 'fee_absent'
  | 'fee_of_other_provider'
  | 'fee_signature_invalid'
  | 'fee_wrong_datatoken'
  | 'fee_wrong_service'
  | 'fee_wrong_environment'
  | 'fee_wrong_chain'
  | 'fee_not_received'
  | 'fee_expired';

export type OrderVerdict =
  | { readonly kind: 'valid'; readonly order: VerifiedOrder }
  | { readonly kind: 'refused'; readonly code: OrderRefusal };

/** By what, and when, an order is judged. */
export interface Judging {
  readonly reading: Reading;
  readonly nowS: number;
}

export const refused = (code: OrderRefusal) => ({ kind: 'refused', code }) as const;
