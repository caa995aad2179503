import { parseAddress, type Address } from '@capstan/shared/contract/ids';
import { expect } from 'chai';
import { getBytes, keccak256, SigningKey, toUtf8Bytes, verifyMessage, Wallet } from 'ethers';
import fc from 'fast-check';
import { resultMessage, startMessage, jobsMessage } from '../../../../services/gateway/src/auth/message.ts';
import { isSignedBy } from '../../../../services/gateway/src/auth/signature.ts';

/** The wire contract's test vector. */
const wallet = new Wallet(`0x${'11'.repeat(32)}`);
const address = addressOf(wallet.address);
const nonce = '1732450000000';
const vector = {
  start: {
    message: startMessage({
      consumerAddress: '0x19E7E376E7C213B7E7e7e46cc70A5dD086DAff2A',
      documentId: `did:op:${'ab'.repeat(32)}`,
      nonce,
    }),
    hash: '0x69e1a55a1369332a78b3cdf7d713980127da29e6e3b382584c6deb27e2382db1',
    signature:
      '0x03972094b6a4a882adfec2eba32b6b03ff502e609e9ac509e3aa228b2a16168d5b6963a149131399b4363d1adb9f87016e389a697890007cb52fd0287055b4191c',
  },
  result: {
    message: resultMessage({
      consumerAddress: '0x19E7E376E7C213B7E7e7e46cc70A5dD086DAff2A',
      jobId: '0123456789abcdef0123456789abcdef',
      index: '0',
      nonce,
    }),
    hash: '0xc2876b077c648e364e28bd4d48dc82a94ac72f9ba8e2e0b53b5d96090406bf3a',
    signature:
      '0xba8fe566f505c176c4c1a405feee6609fc25849d2132238c909a879a00e51a303697d95745c937d201350e5940b830d04f41d4594cd27f557ff27c34aa135add1b',
  },
} as const;

function addressOf(text: string): Address {
  const parsed = parseAddress(text);
  if (!parsed) throw new Error(`${text} is no address`);
  return parsed;
}

/** The same signature with another last byte. */
const withV = (signature: string, v: number) => signature.slice(0, -2) + v.toString(16).padStart(2, '0');

const ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;

/** The other signature that the same numbers make: `s` mirrored, `v` flipped. Mathematically as good, and refused. */
function malleated(signature: string): string {
  const s = (ORDER - BigInt(`0x${signature.slice(66, 130)}`)).toString(16).padStart(64, '0');
  return withV(`${signature.slice(0, 66)}${s}00`, signature.endsWith('1b') ? 28 : 27);
}

describe('a signature', () => {
  for (const [name, { message, hash, signature }] of Object.entries(vector)) {
    it(`of the test vector (${name}) is its signer's`, () => {
      expect(keccak256(toUtf8Bytes(message))).to.equal(hash);
      expect(isSignedBy(address, message, signature)).to.equal(true);
    });
  }

  it('may carry v as 0 and 1, or as 27 and 28, and as nothing else', () => {
    const { message, signature } = vector.start;
    expect(signature.endsWith('1c')).to.equal(true);
    expect(isSignedBy(address, message, withV(signature, 1))).to.equal(true);
    for (const v of [0, 2, 3, 26, 27, 29, 30, 35, 36, 255]) {
      expect(isSignedBy(address, message, withV(signature, v)), String(v)).to.equal(false);
    }
  });

  it('may be over the plain text', async () => {
    const { message } = vector.start;
    expect(isSignedBy(address, message, await wallet.signMessage(message))).to.equal(true);
  });

  it('with a high s is refused: it is a copy that anyone can make of another one', () => {
    for (const { message, signature } of Object.values(vector)) {
      const copy = malleated(signature);
      expect(malleated(copy)).to.equal(signature);
      expect(isSignedBy(address, message, copy)).to.equal(false);
    }
  });

  it('of someone else, over something else or without the prefix is refused', () => {
    const { message, hash, signature } = vector.start;
    expect(isSignedBy(addressOf(`0x${'22'.repeat(20)}`), message, signature)).to.equal(false);
    expect(isSignedBy(address, `${message}1`, signature)).to.equal(false);
    expect(isSignedBy(address, message, vector.result.signature)).to.equal(false);
    expect(isSignedBy(address, message, new SigningKey(wallet.privateKey).sign(hash).serialized)).to.equal(false);
  });

  it('may lack its 0x', () => {
    const { message, signature } = vector.start;
    expect(isSignedBy(address, message, signature.slice(2))).to.equal(true);
  });

  it('that is none is refused', () => {
    const { message, signature } = vector.start;
    const zeros = `0x${'0'.repeat(128)}1b`;
    const texts = [
      '',
      '0x',
      signature.slice(4),
      `0X${signature.slice(2)}`,
      `${signature}00`,
      signature.slice(0, -2),
      zeros,
      `0x${'f'.repeat(130)}`,
    ];
    for (const text of texts) expect(isSignedBy(address, message, text), text).to.equal(false);
  });

  it("agrees with ethers' own recovery, for any key and text", () => {
    const keys = fc.uint8Array({ minLength: 32, maxLength: 32 }).filter((bytes) => {
      const value = BigInt(`0x${Buffer.from(bytes).toString('hex')}`);
      return value > 0n && value < ORDER;
    });
    fc.assert(
      fc.property(keys, fc.string({ unit: 'grapheme' }), fc.boolean(), (key, text, isHashed) => {
        const signer = new Wallet(`0x${Buffer.from(key).toString('hex')}`);
        const signed = isHashed ? getBytes(keccak256(toUtf8Bytes(text))) : text;
        const signature = signer.signMessageSync(signed);
        expect(verifyMessage(signed, signature)).to.equal(signer.address);
        expect(isSignedBy(addressOf(signer.address), text, signature)).to.equal(true);
        expect(isSignedBy(address, text, signature)).to.equal(false);
      }),
      { numRuns: 40 },
    );
  });
});

describe('the text of a status request', () => {
  it('holds a part only if it was sent', () => {
    const sent = { consumerAddress: 'A', nonce: '1' };
    expect(jobsMessage(sent)).to.equal('A1');
    expect(jobsMessage({ ...sent, jobId: 'J' })).to.equal('AJ1');
    expect(jobsMessage({ ...sent, jobId: 'J', documentId: 'D' })).to.equal('AJD1');
  });
});
