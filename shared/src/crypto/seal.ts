/** Encryption to a secp256k1 key: ECIES with AES-256-GCM and HKDF-SHA256, as eciespy and Ocean's clients do it. */
import { decrypt, encrypt, pointFrom, pointOf } from './ecies.ts';
import { CapstanError } from '../contract/errors.ts';
import type { NodeKey } from './node-key.ts';

/** The public key of a node or a wallet, compressed, hex without `0x`. */
export function publicKeyOf(key: NodeKey): string {
  return Buffer.from(pointOf(key.secret())).toString('hex');
}

/** Whether this is a point of the curve, compressed or not, with or without `0x`. */
export function isPublicKey(hex: string): boolean {
  return pointFrom(hex) !== undefined;
}

/** Encrypts text, or bytes, to a public key; `0x…`. */
export function seal(publicKeyHex: string, content: string | Uint8Array): string {
  const bytes = typeof content === 'string' ? Buffer.from(content, 'utf8') : content;
  return `0x${sealBytes(publicKeyHex, bytes).toString('hex')}`;
}

export function sealBytes(publicKeyHex: string, content: Uint8Array): Buffer {
  const point = pointFrom(publicKeyHex);
  if (!point) throw new Error('this is no public key of secp256k1');
  return encrypt(point, content);
}

/** Decrypts what was sealed to the node's key. Fails without showing any of it. */
export function unseal(key: NodeKey, sealed: string): string {
  try {
    return unsealBytes(key, Buffer.from(sealed.replace(/^0x/, ''), 'hex')).toString('utf8');
  } catch {
    throw new CapstanError('FETCH_FAILED', "The encrypted part was not encrypted to this node's key.");
  }
}

/** Throws if it was sealed neither to this key nor to one that the node had before. */
export function unsealBytes(key: NodeKey, sealed: Uint8Array): Buffer {
  for (const each of [key, ...key.older()]) {
    try {
      return decrypt(each.secret(), sealed);
    } catch {
      // Perhaps to the next one.
    }
  }
  throw new CapstanError('FETCH_FAILED', 'It was not encrypted to a key of this node.');
}
