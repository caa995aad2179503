/** The order of nonces, PURE: decimal texts of up to 78 digits, compared exactly and never as JavaScript numbers. */
import type { Nonce } from '@capstan/shared/contract/ids';

interface Decimal {
  readonly whole: string;
  readonly fraction: string;
}

function parse(nonce: Nonce): Decimal {
  const [whole = '', fraction = ''] = nonce.split('.');
  return { whole: whole.replace(/^0+(?=\d)/, ''), fraction: fraction.replace(/0+$/, '') };
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
