import { parseNonce, type Nonce } from '@capstan/shared/contract/ids';
import { expect } from 'chai';
import fc from 'fast-check';
import { compareNonces, isFresh } from '../../../../services/gateway/src/auth/nonce.ts';

const nonceOf = (text: string): Nonce => {
  const parsed = parseNonce(text);
  if (parsed === undefined) throw new Error(`${text} is no nonce`);
  return parsed;
};

/** Exact, by integers: both numbers with 78 digits behind the point. */
const scaled = (nonce: Nonce): bigint => {
  const [whole = '', fraction = ''] = nonce.split('.');
  return BigInt(whole + fraction.padEnd(78, '0'));
};

const digits = (max: number) => fc.stringMatching(new RegExp(`^[0-9]{1,${max}}$`));
const nonces = fc
  .oneof(
    digits(78),
    digits(3),
    fc.tuple(digits(20), digits(20)).map(([whole, fraction]) => `${whole}.${fraction}`),
    fc.tuple(digits(2), digits(3)).map(([whole, fraction]) => `${whole}.${fraction}`),
  )
  .map(nonceOf);

describe('the order of nonces', () => {
  it('is that of the numbers, exactly', () => {
    fc.assert(
      fc.property(nonces, nonces, (a, b) => {
        const [left, right] = [scaled(a), scaled(b)];
        expect(Math.sign(compareNonces(a, b))).to.equal(left < right ? -1 : left > right ? 1 : 0);
      }),
      { numRuns: 1_000 },
    );
  });

  it('does not care for zeros in front or behind', () => {
    fc.assert(
      fc.property(nonces, (nonce) => {
        const padded = `00${nonce}${nonce.includes('.') ? '00' : '.00'}`;
        fc.pre(parseNonce(padded) !== undefined);
        expect(compareNonces(nonce, nonceOf(padded))).to.equal(0);
      }),
    );
  });

  it('tells numbers apart that JavaScript can not', () => {
    expect(compareNonces(nonceOf('9007199254740993'), nonceOf('9007199254740992'))).to.be.greaterThan(0);
    expect(compareNonces(nonceOf('0.1'), nonceOf('0.10000000000000000001'))).to.be.lessThan(0);
  });
});

describe('a nonce is fresh', () => {
  it('if it is the first of its address, or greater than the last one', () => {
    expect(isFresh(nonceOf('0'), undefined)).to.equal(true);
    expect(isFresh(nonceOf('2'), nonceOf('1.999'))).to.equal(true);
    expect(isFresh(nonceOf('1'), nonceOf('1'))).to.equal(false);
    expect(isFresh(nonceOf('1.0'), nonceOf('1'))).to.equal(false);
    expect(isFresh(nonceOf('1644315615.24194'), nonceOf('1644315615.24195'))).to.equal(false);
  });
});
