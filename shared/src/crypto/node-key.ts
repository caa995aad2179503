/** The node's private key: given by configuration, or made on the first start and kept in the data folder, readable by its owner only. */
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { CapstanError } from '../contract/errors.ts';
import { namesIn } from '../runtime/names-in-folder.ts';
import { loadOrCreateSecret } from './secret-file.ts';

/** Holds the key so that neither a log nor an error message can print it. */
export interface NodeKey {
  secret(): Buffer;
  /** Keys that the node had before: what was sealed to them it still opens. Nothing is signed or sealed with them. */
  older(): readonly NodeKey[];
  /** One that somebody else has, too: it still opens what was sealed to it, and what it signed proves nothing. */
  isStolen(): boolean;
}

export function nodeKeyFrom(hex: string, older: readonly NodeKey[] = [], isStolen = false): NodeKey {
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
    older: () => older,
    isStolen: () => isStolen,
    toString: () => hidden,
    toJSON: () => hidden,
    [inspect.custom]: () => hidden,
  } as NodeKey;
}

export const newNodeKeyText = () => `0x${randomBytes(32).toString('hex')}\n`;

/** The key in a file, or a new one that is put there. */
export async function loadOrCreateNodeKey(path: string, older: readonly NodeKey[] = []): Promise<NodeKey> {
  return nodeKeyFrom(await loadOrCreateSecret(path, newNodeKeyText), older);
}

/** Folder of the keys that came before, beside the key itself. */
export const OLD_KEYS = 'old-keys';
/** How the name of a key ends that somebody else has, too. */
export const STOLEN_SUFFIX = '.stolen.key';
/** Each is tried for whatever the newer ones do not open. */
const MOST_OLD_KEYS = 50;

/** The keys in such a folder, by the names of their files; none if there is no folder. */
export async function loadOldKeys(dir: string): Promise<readonly NodeKey[]> {
  const names = (await namesIn(dir)).filter((name) => name.endsWith('.key')).toSorted();
  return Promise.all(
    names
      .slice(0, MOST_OLD_KEYS)
      .map(async (name) => nodeKeyFrom(await readFile(join(dir, name), 'utf8'), [], name.endsWith(STOLEN_SUFFIX))),
  );
}
