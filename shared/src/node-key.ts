/** The node's private key: given by configuration, or made on the first start and kept in the data folder, readable by its owner only. */
import { randomBytes } from 'node:crypto';
import { link, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { inspect } from 'node:util';
import { CapstanError, systemCode } from './errors.ts';

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

/** Reads the key file, or makes one. Two processes that start together end up with the same key: the first file in place wins. */
export async function loadOrCreateNodeKey(path: string): Promise<NodeKey> {
  try {
    return nodeKeyFrom(await readFile(path, 'utf8'));
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw error;
  }
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const temporary = `${path}.${randomBytes(6).toString('hex')}`;
  await writeFile(temporary, `0x${randomBytes(32).toString('hex')}\n`, { mode: 0o600, flush: true });
  try {
    await link(temporary, path);
  } catch (error) {
    if (systemCode(error) !== 'EEXIST') throw error;
  } finally {
    await rm(temporary, { force: true });
  }
  return nodeKeyFrom(await readFile(path, 'utf8'));
}
