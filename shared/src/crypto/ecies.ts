/**
 * ECIES byte for byte as eciespy and Ocean's clients do it by default: 65 bytes of ephemeral key, 16 of nonce, 16 of tag, ciphertext. The
 * key of AES-256-GCM is HKDF-SHA256 of ephemeral key and shared point, both uncompressed. All of it runs in native code: strangers may
 * ask for it, and the same in plain JavaScript takes 20 ms of the one thread that serves everybody.
 */
import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';
import secp256k1 from 'secp256k1';

const CIPHER = 'aes-256-gcm';
const POINT_BYTES = 65;
const NONCE_BYTES = 16;
const TAG_BYTES = 16;
const KEY_BYTES = 32;

/** The point of a secret, compressed. Throws for what is no secret of the curve. */
export const pointOf = (secret: Uint8Array): Uint8Array => secp256k1.publicKeyCreate(secret, true);

/** A point as hex, compressed or not, with or without `0x`, or as Ethereum has it: without the byte that says so. */
export function pointFrom(hex: string): Uint8Array | undefined {
  const digits = hex.replace(/^0x/i, '');
  const plain = /^[0-9a-fA-F]{128}$/.test(digits) ? `04${digits}` : digits;
  if (!/^(0[23][0-9a-fA-F]{64}|04[0-9a-fA-F]{128})$/.test(plain)) return undefined;
  const point = Buffer.from(plain, 'hex');
  return secp256k1.publicKeyVerify(point) ? point : undefined;
}

export function encrypt(point: Uint8Array, content: Uint8Array): Buffer {
  const secret = newSecret();
  const ephemeral = secp256k1.publicKeyCreate(secret, false);
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv(CIPHER, keyOf(ephemeral, sharedPoint(point, secret)), nonce);
  const encrypted = [cipher.update(content), cipher.final()];
  return Buffer.concat([ephemeral, nonce, cipher.getAuthTag(), ...encrypted]);
}

/** Throws for what was encrypted to another key, or touched since. */
export function decrypt(secret: Uint8Array, encrypted: Uint8Array): Buffer {
  const [ephemeral, nonce, tag, text] = parts(encrypted, [POINT_BYTES, NONCE_BYTES, TAG_BYTES]);
  const cipher = createDecipheriv(CIPHER, keyOf(ephemeral, sharedPoint(ephemeral, secret)), nonce, {
    authTagLength: TAG_BYTES,
  });
  cipher.setAuthTag(tag);
  return Buffer.concat([cipher.update(text), cipher.final()]);
}

type Parts = readonly [Uint8Array, Uint8Array, Uint8Array, Uint8Array];

function parts(bytes: Uint8Array, [first, second, third]: readonly [number, number, number]): Parts {
  const [a, b, c] = [first, first + second, first + second + third];
  if (bytes.length < c) throw new Error('it is too short');
  return [bytes.subarray(0, a), bytes.subarray(a, b), bytes.subarray(b, c), bytes.subarray(c)];
}

/** Almost any 32 bytes are one. */
function newSecret(): Buffer {
  for (;;) {
    const secret = randomBytes(KEY_BYTES);
    if (secp256k1.privateKeyVerify(secret)) return secret;
  }
}

/** Uncompressed; in constant time. */
function sharedPoint(point: Uint8Array, secret: Uint8Array): Uint8Array {
  const uncompressed = (x: Uint8Array, y: Uint8Array) => Uint8Array.of(4, ...x, ...y);
  return secp256k1.ecdh(point, secret, { hashfn: uncompressed }, new Uint8Array(POINT_BYTES));
}

function keyOf(ephemeral: Uint8Array, shared: Uint8Array): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', Buffer.concat([ephemeral, shared]), '', '', KEY_BYTES));
}
