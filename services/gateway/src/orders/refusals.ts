/** How a refused order is told, PURE: Ocean Provider's codes for clients that know them, our own reason, and a sentence that says what to do. */
import { CapstanError } from '@capstan/shared/contract/errors';
import type { OrderRefusal } from './claim.ts';

/** Beyond what receipts say. */
export type RefusalReason =
  | OrderRefusal
  | 'order_missing'
  | 'order_absent'
  | 'order_unconfirmed'
  | 'order_too_long'
  | 'datatoken_not_of_nft'
  | 'chain_not_served'
  | 'held_by_other_provider';

export const ORDER_REASONS: Readonly<Record<RefusalReason, string>> = {
  order_missing: 'Name the transaction of your order as transferTxId.',
  order_absent: "The chain knows no such transaction. Send the order's transaction, and wait until it is in a block.",
  order_unconfirmed:
    'The transaction of the order has too few confirmations yet. Try again when more blocks have come.',
  order_too_long:
    'The transaction of the order tells of too many orders, fees or payments of fees. Order in smaller transactions.',
  order_failed: 'The transaction of the order failed on the chain. Order again.',
  order_not_of_datatoken:
    "The transaction starts no order of this service's datatoken. Order with startOrder of that very token.",
  order_reuse_of_unknown: "The transaction reuses an order that is not one of this service's datatoken.",
  order_wrong_service: 'The order is of another service of this asset.',
  order_too_little: 'The order is of less than one datatoken.',
  order_wrong_consumer: 'The order was neither paid by you nor made for you.',
  order_expired: "The order's time is over: the service's timeout has passed. Order again.",
  fee_absent:
    'The order carries no fee of this node. Ask initializeCompute, and order with the providerFee of its answer.',
  fee_of_other_provider: 'The fee of the order is that of another provider. Ask initializeCompute of this node.',
  fee_signature_invalid: 'The fee of the order is not as this node signed it. Ask initializeCompute again.',
  fee_wrong_datatoken: 'The fee of the order was asked for another datatoken. Ask initializeCompute for this asset.',
  fee_wrong_service: 'The fee of the order was asked for another service. Ask initializeCompute for this one.',
  fee_wrong_environment: 'The fee of the order was asked for another environment. Ask initializeCompute for this one.',
  fee_wrong_chain: 'The fee of the order was asked for an asset of another chain. Ask initializeCompute for this one.',
  fee_not_received: 'The fee that the order names has not arrived at this node.',
  fee_expired: 'The time that the fee paid for is over. Ask initializeCompute, and reuse the order with the new fee.',
  datatoken_not_of_nft: "The service's datatoken does not belong to the asset's data NFT. Tell the asset's owner.",
  held_by_other_provider:
    'Another provider holds this asset, and takes no orders that pay this node. Use an environment whose orders are free.',
  chain_not_served: "The asset is on a chain that this node doesn't serve.",
};

export const IN_USE = '`agreementId` already in use for other job.';

export function orderRefusal(resource: string, reason: RefusalReason): CapstanError {
  const code =
    resource === 'algorithm' ? { algorithm: 'in_use_or_not_on_chain' } : { [`${resource}.serviceId`]: 'order_invalid' };
  return new CapstanError('REFUSED', ORDER_REASONS[reason], { refusal: code, reason });
}

export const JOB_REASONS = {
  order_in_use: 'A job that has not ended runs under this order. Wait for its end, or order again.',
  fees_not_paid:
    'None of the orders carries the fee of this environment. Order with all the fees that initializeCompute answers together.',
} as const;

export function orderInUse(): CapstanError {
  return new CapstanError('REFUSED', JOB_REASONS.order_in_use, { refusal: IN_USE, reason: 'order_in_use' });
}

export function feesNotPaid(): CapstanError {
  return new CapstanError('REFUSED', JOB_REASONS.fees_not_paid, {
    refusal: { order: 'fees_not_paid' },
    reason: 'fees_not_paid',
  });
}
