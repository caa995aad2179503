/** Encryption to the node's key: ECIES over secp256k1 with AES-256-GCM and HKDF-SHA256, as eciespy and Ocean's clients do it. */
import { decrypt, encrypt, PrivateKey } from 'eciesjs';
import { CapstanError } from './errors.ts';
import type { NodeKey } from './node-key.ts';

/** The node's public key, compressed, hex without `0x`. */
export function publicKeyOf(key: NodeKey): string {
  return new PrivateKey(key.secret()).publicKey.toHex();
}

/** Encrypts text, or bytes, to a public key; `0x…`. */
export function seal(publicKeyHex: string, content: string | Uint8Array): string {
  const bytes = typeof content === 'string' ? Buffer.from(content, 'utf8') : content;
  return `0x${Buffer.from(encrypt(publicKeyHex, bytes)).toString('hex')}`;
}

/** Decrypts what was sealed to the node's key. Fails without showing any of it. */
export function unseal(key: NodeKey, sealed: string): string {
  try {
    return Buffer.from(decrypt(key.secret(), Buffer.from(sealed.replace(/^0x/, ''), 'hex'))).toString('utf8');
  } catch {
    throw new CapstanError('FETCH_FAILED', "The encrypted part was not encrypted to this node's key.");
  }
}
