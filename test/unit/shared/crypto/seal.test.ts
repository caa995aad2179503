import { createDecipheriv, hkdfSync } from 'node:crypto';
import { hasCode } from '@capstan/shared/contract/errors';
import { nodeKeyFrom } from '@capstan/shared/crypto/node-key';
import { isPublicKey, publicKeyOf, seal, sealBytes, unseal, unsealBytes } from '@capstan/shared/crypto/seal';
import { expect } from 'chai';
import { decrypt, encrypt, PrivateKey, PublicKey } from 'eciesjs';
import fc from 'fast-check';
import secp256k1 from 'secp256k1';

const HEX = '11'.repeat(32);
const key = nodeKeyFrom(HEX);
const FILES = '[{"type":"url","url":"https://example.com/data.csv"}]';

/**
 * ECIES by the book, from other libraries than the product's: an uncompressed ephemeral key, a nonce and a tag of 16 bytes each, the text
 * under AES-256-GCM; its key is HKDF-SHA256 of the ephemeral key and the shared point.
 */
function decryptByTheBook(sealed: Buffer, secret: Buffer): string {
  const [ephemeral, nonce, tag, text] = [[0, 65], [65, 81], [81, 97], [97]].map(([from, to]) =>
    sealed.subarray(from, to),
  );
  if (!ephemeral || !nonce || !tag || !text) throw new Error('too short');
  const point = secp256k1.publicKeyTweakMul(Uint8Array.from(ephemeral), Uint8Array.from(secret), false);
  const shared = Buffer.from(hkdfSync('sha256', Buffer.concat([ephemeral, point]), '', '', 32));
  const cipher = createDecipheriv('aes-256-gcm', shared, nonce);
  cipher.setAuthTag(tag);
  return Buffer.concat([cipher.update(text), cipher.final()]).toString('utf8');
}

const bytes = (sealed: string) => Buffer.from(sealed.replace(/^0x/, ''), 'hex');

describe('a sealed text', () => {
  it('is 0x and hex, another one each time', () => {
    const [one, two] = [seal(publicKeyOf(key), FILES), seal(publicKeyOf(key), FILES)];
    expect(one).to.match(/^0x[0-9a-f]+$/);
    expect(one).not.to.equal(two);
  });

  it('opens with the key it was sealed to, whatever it holds', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => unseal(key, seal(publicKeyOf(key), text)) === text),
      { numRuns: 30 },
    );
  });

  it('is what other implementations open', () => {
    const sealed = bytes(seal(publicKeyOf(key), FILES));
    expect(Buffer.from(decrypt(HEX, sealed)).toString()).to.equal(FILES);
    expect(decryptByTheBook(sealed, key.secret())).to.equal(FILES);
  });

  it('may come from another implementation, to the compressed or the whole key, with or without 0x', () => {
    const publicKey = new PrivateKey(Buffer.from(HEX, 'hex')).publicKey;
    for (const to of [publicKey.toHex(true), publicKey.toHex(false)]) {
      const sealed = Buffer.from(encrypt(to, Buffer.from(FILES))).toString('hex');
      expect(unseal(key, sealed)).to.equal(FILES);
      expect(unseal(key, `0x${sealed}`)).to.equal(FILES);
    }
  });

  it('is, for any key and any bytes, what eciesjs opens, and the other way round', () => {
    const secrets = fc
      .uint8Array({ minLength: 32, maxLength: 32 })
      .filter((secret) => secp256k1.privateKeyVerify(secret));
    fc.assert(
      fc.property(secrets, fc.uint8Array({ maxLength: 5_000 }), fc.boolean(), (secret, content, isCompressed) => {
        const own = nodeKeyFrom(Buffer.from(secret).toString('hex'));
        const { publicKey } = new PrivateKey(secret);
        expect(publicKeyOf(own)).to.equal(publicKey.toHex());
        const to = publicKey.toHex(isCompressed);
        expect(Buffer.from(decrypt(secret, sealBytes(to, content)))).to.deep.equal(Buffer.from(content));
        expect(unsealBytes(own, encrypt(to, content))).to.deep.equal(Buffer.from(content));
      }),
      { numRuns: 15 },
    );
  });

  it('may be to whatever eciesjs takes as a public key, and to nothing else', () => {
    const isTaken = (hex: string) => {
      try {
        return PublicKey.fromHex(hex).toHex().length > 0;
      } catch {
        return false;
      }
    };
    const whole = new PrivateKey(Buffer.from(HEX, 'hex')).publicKey.toHex(false);
    const [x, y] = [whole.slice(2, 66), whole.slice(66)];
    const given = [whole, `0x${whole}`, `0X${whole.toUpperCase()}`, `02${x}`, `03${x}`, `04${x}${x}`, `06${x}${y}`];
    const odd = [`07${x}${y}`, `${x}${y}`, `0x${x}${y}`, x, '', '00', `05${x}`, `02${'ff'.repeat(32)}`, `${whole}zz`];
    const offCurve = [`02${'00'.repeat(31)}05`, `04${'00'.repeat(64)}`];
    for (const hex of [...given, ...odd, ...offCurve]) expect(isPublicKey(hex), hex).to.equal(isTaken(hex));
    expect(() => seal('00', 'text')).to.throw('no public key');
  });

  it('does not open with another key or when it was touched, and shows nothing of it', () => {
    const sealed = seal(publicKeyOf(key), FILES);
    const touched = `${sealed.slice(0, -2)}${sealed.endsWith('00') ? '01' : '00'}`;
    const attempts = [
      () => unseal(nodeKeyFrom('22'.repeat(32)), sealed),
      () => unseal(key, touched),
      () => unseal(key, sealed.slice(0, 40)),
      () => unseal(key, '0x'),
      () => unseal(key, 'not hex'),
    ];
    for (const attempt of attempts) {
      try {
        attempt();
        expect.fail('it opened');
      } catch (error) {
        expect(hasCode(error, 'FETCH_FAILED')).to.equal(true);
        expect((error as Error).cause).to.equal(undefined);
        expect(String(error)).not.to.contain('example.com');
      }
    }
  });
});
