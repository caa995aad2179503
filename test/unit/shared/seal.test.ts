import { createDecipheriv, hkdfSync } from 'node:crypto';
import { hasCode } from '@capstan/shared/errors';
import { nodeKeyFrom } from '@capstan/shared/node-key';
import { publicKeyOf, seal, unseal } from '@capstan/shared/seal';
import { expect } from 'chai';
import { decrypt, encrypt, PrivateKey } from 'eciesjs';
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
