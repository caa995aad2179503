/** The node's private key: given by configuration, or made on the first start and kept in the data folder, readable by its owner only. */
import { randomBytes } from 'node:crypto';
import { inspect } from 'node:util';
import { CapstanError } from './errors.ts';
import { loadOrCreateSecret } from './secret-file.ts';

/** Holds the key so that neither a log nor an error message can print it. */
export interface NodeKey {
  secret(): Buffer;
}

export function nodeKeyFrom(hex: string): NodeKey {
  const digits = hex.trim().replace(/^0x/, '');
  if (!/^[0-9a-fA-F]{64}$/.test(digits) || /^0+$/.test(digits)) {
    throw new CapstanError(
      'INVALID_CONFIG',
      'The node key must be 64 hexadecimal characters (32 bytes), with or without 0x.',
    );
  }
  const bytes = Buffer.from(digits, 'hex');
  const hidden = '[node key]';
  return {
    secret: () => bytes,
    toString: () => hidden,
    toJSON: () => hidden,
    [inspect.custom]: () => hidden,
  } as NodeKey;
}

/** The key in a file, or a new one that is put there. */
export async function loadOrCreateNodeKey(path: string): Promise<NodeKey> {
  return nodeKeyFrom(await loadOrCreateSecret(path, () => `0x${randomBytes(32).toString('hex')}\n`));
}
