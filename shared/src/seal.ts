/** Encryption to a secp256k1 key: ECIES with AES-256-GCM and HKDF-SHA256, as eciespy and Ocean's clients do it. */
import { decrypt, encrypt, PrivateKey, PublicKey } from 'eciesjs';
import { CapstanError } from './errors.ts';
import type { NodeKey } from './node-key.ts';

/** The public key of a node or a wallet, compressed, hex without `0x`. */
export function publicKeyOf(key: NodeKey): string {
  return new PrivateKey(key.secret()).publicKey.toHex();
}

/** Whether this is a point of the curve, compressed or not, with or without `0x`. */
export function isPublicKey(hex: string): boolean {
  try {
    PublicKey.fromHex(hex);
    return true;
  } catch {
    return false;
  }
}

/** Encrypts text, or bytes, to a public key; `0x…`. */
export function seal(publicKeyHex: string, content: string | Uint8Array): string {
  const bytes = typeof content === 'string' ? Buffer.from(content, 'utf8') : content;
  return `0x${sealBytes(publicKeyHex, bytes).toString('hex')}`;
}

export function sealBytes(publicKeyHex: string, content: Uint8Array): Buffer {
  return Buffer.from(encrypt(publicKeyHex, content));
}

/** Decrypts what was sealed to the node's key. Fails without showing any of it. */
export function unseal(key: NodeKey, sealed: string): string {
  try {
    return unsealBytes(key, Buffer.from(sealed.replace(/^0x/, ''), 'hex')).toString('utf8');
  } catch {
    throw new CapstanError('FETCH_FAILED', "The encrypted part was not encrypted to this node's key.");
  }
}

/** Throws if it was not sealed to this key. */
export function unsealBytes(key: NodeKey, sealed: Uint8Array): Buffer {
  return Buffer.from(decrypt(key.secret(), sealed));
}
