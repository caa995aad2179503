/** The order of nonces, PURE: decimal texts of up to 78 digits, compared exactly and never as JavaScript numbers. */
import { parseNonce, type Nonce } from '@capstan/shared/contract/ids';

interface Decimal {
  readonly whole: string;
  readonly fraction: string;
}

function parse(nonce: Nonce): Decimal {
  const [whole = '', fraction = ''] = nonce.split('.');
  return { whole: whole.replace(/^0+(?=\d)/, ''), fraction: withoutZerosBehind(fraction) };
}

/** From its end: a pattern that looks for it from the beginning tries at each zero anew. */
function withoutZerosBehind(digits: string): string {
  let end = digits.length;
  while (digits[end - 1] === '0') end -= 1;
  return digits.slice(0, end);
}

/** Negative if `a` is less than `b`, 0 if they are equal as numbers, positive if it is greater. */
export function compareNonces(a: Nonce, b: Nonce): number {
  const left = parse(a);
  const right = parse(b);
  if (left.whole.length !== right.whole.length) return left.whole.length - right.whole.length;
  if (left.whole !== right.whole) return left.whole < right.whole ? -1 : 1;
  if (left.fraction === right.fraction) return 0;
  // Digit by digit, a missing one counts as 0: the texts' own order.
  return left.fraction < right.fraction ? -1 : 1;
}

/** Whether a nonce may take effect after `last`. */
export function isFresh(nonce: Nonce, last: Nonce | undefined): boolean {
  return last === undefined || compareNonces(nonce, last) > 0;
}

/** What a client that counts on from `last` uses next: one more, a fraction kept. */
export function nextNonce(last: Nonce | undefined): string {
  const { whole, fraction } = parse(last ?? ('0' as Nonce));
  return `${BigInt(whole) + 1n}${fraction === '' ? '' : `.${fraction}`}`;
}

/** The greater of two. */
export const greaterNonce = (a: Nonce, b: Nonce): Nonce => (compareNonces(a, b) < 0 ? b : a);

/** What ocean.js uses after it was told `shown`: it counts in JavaScript's numbers. */
const countedByOceanJs = (shown: string): Nonce | undefined => parseNonce(String(Number(shown) + 1));

/**
 * What the node tells of `last`, so that whoever counts on from it gets a nonce that is fresh: the digits themselves, or, where
 * JavaScript's numbers stand still (from 2^53 on), the next number that they can tell from it. JSON knows no leading zeros.
 */
export function shownNonce(last: Nonce | undefined): string {
  const { whole, fraction } = parse(last ?? ('0' as Nonce));
  const exact = whole + (fraction === '' ? '' : `.${fraction}`);
  const counted = countedByOceanJs(exact);
  if (last === undefined || (counted && isFresh(counted, last))) return exact;
  for (let shown = Number(whole); Number.isFinite(shown); shown = nextNumber(shown)) {
    const text = BigInt(shown).toString();
    const next = countedByOceanJs(text);
    // Beyond 10^21 JavaScript writes no decimals any more: nothing helps it there.
    if (next === undefined) return exact;
    if (isFresh(next, last)) return text;
  }
  return exact;
}

/** The next greater number of JavaScript's, of one from 2^53 on. */
function nextNumber(value: number): number {
  const bits = new DataView(new ArrayBuffer(8));
  bits.setFloat64(0, value);
  bits.setBigUint64(0, bits.getBigUint64(0) + 1n);
  return bits.getFloat64(0);
}

/** The nonces that a client can have used that asked for the last one and does not send its own: counted exactly, or as ocean.js counts. */
export function guessedNonces(last: Nonce | undefined): readonly string[] {
  const shown = shownNonce(last);
  return [...new Set([nextNonce(last), nextNonce(parseNonce(shown)), countedByOceanJs(shown) ?? nextNonce(last)])];
}

/**
 * How far ahead it is noted that a nonce was seen, so that not every status costs a write: a second of the unit that it seems to count in.
 * So long may an address have to wait for its next act after a crash of the node, and no longer.
 */
export function boundAfter(nonce: Nonce): Nonce {
  const { whole } = parse(nonce);
  const second =
    whole.length <= 11 ? 1n : whole.length <= 14 ? 1_000n : whole.length <= 17 ? 1_000_000n : 1_000_000_000n;
  const bound = String(BigInt(whole) + second);
  return bound.length > 78 ? nonce : (bound as Nonce);
}
