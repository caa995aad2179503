/**
 * Whether a transaction is an order of one service by one consumer, PURE: receipts, asset and time → order or refusal. Anyone can emit any
 * event from a contract of their own, so only those count that the service's datatoken emitted itself. Source: the wire contract, §7.
 */
import { recoverAddress } from 'ethers';
import type { Ddo, Service } from '@capstan/shared/contract/ddo';
import type { Address } from '@capstan/shared/contract/ids';
import type { Receipt } from '../chain/receipts.ts';
import { eventsIn, type ChainEvent, type OrderReused, type OrderStarted, type ProviderFee } from './events.ts';
import { feeDigest, readProviderData } from './fees.ts';

export interface OrderClaim {
  readonly ddo: Ddo;
  readonly service: Service;
  readonly caller: Address;
  readonly environment: string;
  /** Whose fee it must be: ours. */
  readonly provider: Address;
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
  | 'fee_not_received'
  | 'fee_expired';

export type OrderVerdict =
  | { readonly kind: 'valid'; readonly order: VerifiedOrder }
  | { readonly kind: 'refused'; readonly code: OrderRefusal };

/** A whole datatoken. */
const ONE = 10n ** 18n;
/** Ocean's contracts keep a share of a fee for the community; a token that arrives in part only was not Ocean's contract's doing. */
const LEAST_SHARE_PERCENT = 90n;

const refused = (code: OrderRefusal) => ({ kind: 'refused', code }) as const;

export function verifyOrder(receipts: OrderReceipts, claim: OrderClaim, nowS: number): OrderVerdict {
  const access = verifyAccess(receipts, claim, nowS);
  if (access.kind === 'refused') return access;
  const fee = verifyFee(receipts.named, claim, nowS);
  if (fee.kind === 'refused') return fee;
  return { kind: 'valid', order: { ...access.order, fee: fee.fee } };
}

export type AccessVerdict =
  | { readonly kind: 'valid'; readonly order: Omit<VerifiedOrder, 'fee'> }
  | { readonly kind: 'refused'; readonly code: OrderRefusal };

/** The half that the data's owner sells: access to a service, for as long as its timeout says, whatever became of the fee. */
export function verifyAccess({ named, started }: OrderReceipts, claim: OrderClaim, nowS: number): AccessVerdict {
  const { service, ddo, caller } = claim;
  if (!named.isSuccess || started?.isSuccess === false) return refused('order_failed');
  const datatoken = service.datatokenAddress.toLowerCase();
  const own = (receipt: Receipt) => eventsIn(receipt).filter(({ by }) => by === datatoken);
  const reuse = reuseIn(named, datatoken);
  if (reuse && !started) return refused('order_reuse_of_unknown');
  const starts = own(started ?? named).filter((event) => event.kind === 'started');
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
export function reuseIn(receipt: Receipt, datatoken: string): OrderReused | undefined {
  const own = eventsIn(receipt).filter(({ by }) => by === datatoken.toLowerCase());
  if (own.some(({ kind }) => kind === 'started')) return undefined;
  return own.find((event) => event.kind === 'reused');
}

/** Counted from the start, or from a reuse that came before that time was over: a later one would make an order last for ever. */
function isWithinTimeout(start: OrderStarted, reuse: OrderReused | undefined, timeoutS: number, nowS: number): boolean {
  if (timeoutS === 0) return true;
  const startedAt = Number(start.timestamp);
  const reusedAt = Number(reuse?.timestamp ?? start.timestamp);
  return reusedAt <= startedAt + timeoutS && nowS <= reusedAt + timeoutS;
}

type FeeVerdict =
  | { readonly kind: 'valid'; readonly fee: VerifiedOrder['fee'] }
  | { readonly kind: 'refused'; readonly code: OrderRefusal };

/** The half that this node sells: its fee, signed by itself for this datatoken, service and environment, and paid. */
function verifyFee(receipt: Receipt, claim: OrderClaim, nowS: number): FeeVerdict {
  const datatoken = claim.service.datatokenAddress.toLowerCase();
  const events = eventsIn(receipt);
  const fees = events.filter((event) => event.kind === 'fee' && event.by === datatoken) as readonly ProviderFee[];
  const verdicts = fees.map((fee) => judgeFee(fee, claim, events, nowS));
  return (
    verdicts.find(({ kind }) => kind === 'valid') ??
    verdicts.find(({ kind }) => kind === 'refused') ??
    refused('fee_absent')
  );
}

function judgeFee(fee: ProviderFee, claim: OrderClaim, events: readonly ChainEvent[], nowS: number): FeeVerdict {
  const { service, environment, provider } = claim;
  if (fee.address !== provider) return refused('fee_of_other_provider');
  if (signerOf(fee) !== provider) return refused('fee_signature_invalid');
  const subject = readProviderData(fee.providerData);
  if (String(subject?.dt).toLowerCase() !== service.datatokenAddress.toLowerCase())
    return refused('fee_wrong_datatoken');
  if (subject?.id !== service.id) return refused('fee_wrong_service');
  if (subject.environment !== environment) return refused('fee_wrong_environment');
  if (Number(fee.validUntil) <= nowS) return refused('fee_expired');
  if (!hasArrived(fee, events)) return refused('fee_not_received');
  const { token, amount, validUntil } = fee;
  return { kind: 'valid', fee: { token, amount, validUntil: Number(validUntil) } };
}

function signerOf({ signature, address, token, amount, validUntil, providerData }: ProviderFee): string | undefined {
  const terms = {
    providerData,
    providerFeeAddress: address,
    providerFeeToken: token,
    providerFeeAmount: amount,
    validUntil,
  };
  try {
    return recoverAddress(feeDigest(terms), signature).toLowerCase();
  } catch {
    return undefined;
  }
}

/** That a datatoken says so is not enough: a contract that only claims to be Ocean's may say anything. */
function hasArrived(fee: ProviderFee, events: readonly ChainEvent[]): boolean {
  if (fee.amount === 0n) return true;
  const toUs = events.filter(
    (event) => event.kind === 'transfer' && event.by === fee.token && event.to === fee.address,
  ) as readonly { readonly value: bigint }[];
  const received = toUs.reduce((sum, { value }) => sum + value, 0n);
  return received * 100n >= fee.amount * LEAST_SHARE_PERCENT;
}
