/**
 * Whether a transaction is an order of one service by one consumer, PURE: receipts, asset and time → order or refusal. Anyone can emit any
 * event from a contract of their own, so only those count that the service's datatoken emitted itself. Source: the wire contract, §7.
 */
import type { Ddo, Service } from '@capstan/shared/contract/ddo';
import type { Address } from '@capstan/shared/contract/ids';
import type { Receipt } from '../chain/receipt.ts';
import type { OrderReused, OrderStarted, ProviderFee } from './events.ts';
import { readProviderData } from './fees.ts';
import type { Reading } from './reading.ts';
import { feesReceived } from './transfers.ts';

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

/** A whole datatoken. */
const ONE = 10n ** 18n;

const refused = (code: OrderRefusal) => ({ kind: 'refused', code }) as const;

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

type FeeVerdict =
  | { readonly kind: 'valid'; readonly fee: VerifiedOrder['fee'] }
  | { readonly kind: 'refused'; readonly code: OrderRefusal };

/** A datatoken of somebody's own may tell of any number of fees: what costs more than a look is done for the first few that fit. */
const MOST_SUBJECTS = 20;
const MOST_SIGNATURES = 10;

/** The half that this node sells: its fee, signed by itself for this datatoken, service and environment, and paid. */
function verifyFee(receipt: Receipt, claim: OrderClaim, { reading, nowS }: Judging): FeeVerdict {
  const datatoken = claim.service.datatokenAddress.toLowerCase();
  const events = reading.events(receipt, datatoken);
  const received = feesReceived(events);
  const fees = events.filter((event) => event.kind === 'fee').filter(({ by }) => by === datatoken);
  const ofTerms = sift(fees, (fee) => termsRefusal(fee, claim, { received, nowS }));
  const ofSubject = sift(ofTerms.passed.slice(0, MOST_SUBJECTS), (fee) => subjectRefusal(fee, claim));
  const signed = sift(ofSubject.passed.slice(0, MOST_SIGNATURES), (fee) =>
    reading.signerOf(fee) === fee.address ? undefined : 'fee_signature_invalid',
  );
  const [fee] = signed.passed;
  if (!fee) return refused(signed.why ?? ofSubject.why ?? ofTerms.why ?? 'fee_absent');
  const { token, amount, validUntil } = fee;
  return { kind: 'valid', fee: { token, amount, validUntil: Number(validUntil) } };
}

/** Those that pass, and why the first of the others does not. */
function sift(fees: readonly ProviderFee[], refusalOf: (fee: ProviderFee) => OrderRefusal | undefined) {
  const judged = fees.map((fee) => ({ fee, why: refusalOf(fee) }));
  return {
    passed: judged.filter(({ why }) => why === undefined).map(({ fee }) => fee),
    why: judged.find(({ why }) => why !== undefined)?.why,
  };
}

interface Paid {
  readonly received: ReadonlySet<ProviderFee>;
  readonly nowS: number;
}

function termsRefusal(fee: ProviderFee, { environment, providers }: OrderClaim, { received, nowS }: Paid) {
  if (!providers.some((provider) => fee.address === provider)) return 'fee_of_other_provider';
  const isEndless = environment === undefined && fee.validUntil === 0n;
  if (!isEndless && Number(fee.validUntil) <= nowS) return 'fee_expired';
  return received.has(fee) ? undefined : 'fee_not_received';
}

function subjectRefusal(fee: ProviderFee, { ddo, service, environment }: OrderClaim) {
  const subject = readProviderData(fee.providerData);
  if (String(subject?.dt).toLowerCase() !== service.datatokenAddress.toLowerCase()) return 'fee_wrong_datatoken';
  if (subject?.id !== service.id) return 'fee_wrong_service';
  if (environment !== undefined && subject.environment !== environment) return 'fee_wrong_environment';
  // What was signed while the node served one chain, or by an earlier version, names none.
  if (subject.chainId !== undefined && subject.chainId !== ddo.chainId) return 'fee_wrong_chain';
  return undefined;
}
