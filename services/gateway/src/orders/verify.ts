/**
 * Whether a transaction is an order of one service by one consumer, PURE: receipts, asset and time → order or refusal. Anyone can emit any
 * event from a contract of their own, so only those count that the service's datatoken emitted itself. Source: the wire contract, §7.
 */
import type { Receipt } from '../chain/receipt.ts';
import {
  refused,
  type Judging,
  type OrderClaim,
  type OrderReceipts,
  type OrderRefusal,
  type OrderVerdict,
  type VerifiedOrder,
} from './claim.ts';
import type { OrderReused, OrderStarted } from './events.ts';
import type { Reading } from './reading.ts';
import { verifyFee } from './verify-fee.ts';

/** A whole datatoken. */
const ONE = 10n ** 18n;

export function verifyOrder(receipts: OrderReceipts, claim: OrderClaim, judging: Judging): OrderVerdict {
  const access = verifyAccess(receipts, claim, judging);
  if (access.kind === 'refused') return access;
  const fee = verifyFee(receipts.named, claim, judging);
  if (fee.kind === 'refused') return fee;
  return { kind: 'valid', order: { ...access.order, fee: fee.fee } };
}

export type AccessVerdict =
  | { readonly kind: 'valid'; readonly order: Omit<VerifiedOrder, 'fee'> }
  | { readonly kind: 'refused'; readonly code: OrderRefusal };

/** The half that the data's owner sells: access to a service, for as long as its timeout says, whatever became of the fee. */
export function verifyAccess(
  { named, started }: OrderReceipts,
  claim: OrderClaim,
  { reading, nowS }: Judging,
): AccessVerdict {
  const { service, ddo, caller } = claim;
  if (!named.isSuccess || started?.isSuccess === false) return refused('order_failed');
  const datatoken = service.datatokenAddress.toLowerCase();
  const reuse = reuseIn(named, datatoken, reading);
  if (reuse && !started) return refused('order_reuse_of_unknown');
  const starts = ownEvents(started ?? named, datatoken, reading).filter((event) => event.kind === 'started');
  if (starts.length === 0) return refused(reuse ? 'order_reuse_of_unknown' : 'order_not_of_datatoken');

  const index = BigInt(ddo.services.indexOf(service));
  const ofService = starts.filter(({ serviceIndex }) => serviceIndex === index);
  if (ofService.length === 0) return refused('order_wrong_service');
  const whole = ofService.filter(({ amount }) => amount >= ONE);
  if (whole.length === 0) return refused('order_too_little');
  const theirs = whole.filter(({ consumer, payer }) => consumer === caller || payer === caller);
  if (theirs.length === 0) return refused('order_wrong_consumer');
  if (!theirs.some((start) => isWithinTimeout(start, reuse, service.timeout ?? 0, nowS)))
    return refused('order_expired');
  return {
    kind: 'valid',
    order: { chainId: named.chainId, orderTx: (started ?? named).txId, transferTx: named.txId, datatoken },
  };
}

/** The start that a transaction reuses, if it reuses one of this datatoken. One that also starts an order is that order's start. */
export function reuseIn(receipt: Receipt, datatoken: string, reading: Reading): OrderReused | undefined {
  const own = ownEvents(receipt, datatoken, reading);
  if (own.some(({ kind }) => kind === 'started')) return undefined;
  return own.find((event) => event.kind === 'reused');
}

const ownEvents = (receipt: Receipt, datatoken: string, reading: Reading) =>
  reading.events(receipt, datatoken).filter(({ by }) => by === datatoken.toLowerCase());

/** Counted from the start, or from a reuse that came before that time was over: a later one would make an order last for ever. */
function isWithinTimeout(start: OrderStarted, reuse: OrderReused | undefined, timeoutS: number, nowS: number): boolean {
  if (timeoutS === 0) return true;
  const startedAt = Number(start.timestamp);
  const reusedAt = Number(reuse?.timestamp ?? start.timestamp);
  return reusedAt <= startedAt + timeoutS && nowS <= reusedAt + timeoutS;
}
