/** The half of an order that this node sells, PURE: its fee, signed by itself for this datatoken, service and environment, and paid. */
import type { Receipt } from '../chain/receipt.ts';
import { refused, type Judging, type OrderClaim, type OrderRefusal, type VerifiedOrder } from './claim.ts';
import type { ProviderFee } from './events.ts';
import { readProviderData } from './fees.ts';
import { feesReceived } from './transfers.ts';

type FeeVerdict =
  | { readonly kind: 'valid'; readonly fee: VerifiedOrder['fee'] }
  | { readonly kind: 'refused'; readonly code: OrderRefusal };

/** A datatoken of somebody's own may tell of any number of fees: what costs more than a look is done for the first few that fit. */
const MOST_SUBJECTS = 20;
const MOST_SIGNATURES = 10;

/** The first fee of the receipt that holds in all; or why the first that came nearest does not. */
export function verifyFee(receipt: Receipt, claim: OrderClaim, { reading, nowS }: Judging): FeeVerdict {
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
