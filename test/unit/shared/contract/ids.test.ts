import { didSuffix, parseAddress, parseDid, parseJobId, parseNonce } from '@capstan/shared/contract/ids';
import { expect } from 'chai';
import fc from 'fast-check';

const hex = (length: number) => fc.stringMatching(new RegExp(`^[0-9a-f]{${length}}$`));

describe('an id', () => {
  it('of a job is 32 lower-case hexadecimal characters', () => {
    fc.assert(fc.property(hex(32), (text) => parseJobId(text) === text));
    for (const text of [
      '',
      'a'.repeat(31),
      'a'.repeat(33),
      'A'.repeat(32),
      `${'a'.repeat(32)}\n`,
      `../${'a'.repeat(29)}`,
    ]) {
      expect(parseJobId(text), JSON.stringify(text)).to.equal(undefined);
    }
  });

  it('of an asset is a DID, kept in the letter case it came in', () => {
    const did = `did:op:${'aB'.repeat(32)}`;
    expect(parseDid(did)).to.equal(did);
    expect(didSuffix(did)).to.equal('aB'.repeat(32));
    for (const text of [
      `did:op:${'a'.repeat(63)}`,
      `did:xx:${'a'.repeat(64)}`,
      `did:op:${'../'.repeat(21)}a`,
      `${did}\n`,
    ]) {
      expect(parseDid(text), JSON.stringify(text)).to.equal(undefined);
    }
  });

  it('of a caller is an address, compared in lower case', () => {
    expect(parseAddress('0x19E7E376E7C213B7E7e7e46cc70A5dD086DAff2A')).to.equal(
      '0x19e7e376e7c213b7e7e7e46cc70a5dd086daff2a',
    );
    for (const text of ['', '19e7e376e7c213b7e7e7e46cc70a5dd086daff2a', `0x${'g'.repeat(40)}`, `0x${'a'.repeat(41)}`]) {
      expect(parseAddress(text), text).to.equal(undefined);
    }
  });
});

describe('a nonce', () => {
  it('is a decimal number of up to 78 digits, perhaps with a fraction', () => {
    for (const text of [
      '0',
      '7',
      '007',
      '1732450000000',
      '1644315615.24195',
      '9'.repeat(78),
      `${'9'.repeat(70)}.12345678`,
    ]) {
      expect(parseNonce(text), text).to.equal(text);
    }
  });

  it('is nothing else', () => {
    for (const text of ['', '-1', '+1', '1e3', '0x1', '1.', '.5', '1.2.3', ' 1', '1\n', '9'.repeat(79), 'NaN', '١']) {
      expect(parseNonce(text), JSON.stringify(text)).to.equal(undefined);
    }
  });
});
