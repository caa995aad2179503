/** A new key for the node. The one before is kept, for what was sealed to it is still to be opened: first it is safe, then the new one counts. */
import { randomBytes } from 'node:crypto';
import { chmod, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { systemCode } from '@capstan/shared/contract/errors';
import { newNodeKeyText, nodeKeyFrom, OLD_KEYS, STOLEN_SUFFIX, type NodeKey } from '@capstan/shared/crypto/node-key';
import { addressOf } from '../../services/gateway/src/identity.ts';
import { sync } from '../backup/files.ts';

export interface Rotated {
  readonly before: string;
  readonly now: string;
}

export interface Leaving {
  /** Somebody else has the key, too. */
  readonly isStolen?: boolean;
}

/** In the file `path`. Harmless to repeat after it was killed: at any moment the file holds a key, and every key that it held is kept. */
export async function rotateKey(path: string, now: Date, leaving: Leaving = {}): Promise<Rotated> {
  const before = nodeKeyFrom(await readFile(path, 'utf8'));
  await keepOldKey(join(dirname(path), OLD_KEYS), before, now, leaving);
  const text = newNodeKeyText();
  await writeKey(path, text);
  return { before: addressOf(before), now: addressOf(nodeKeyFrom(text)) };
}

/** A key where there is none. */
export async function makeKey(path: string): Promise<string> {
  try {
    await readFile(path);
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw error;
    const text = newNodeKeyText();
    await writeKey(path, text);
    return addressOf(nodeKeyFrom(text));
  }
  throw new Error(`There is a key in ${path}. npm run keys -- rotate puts a new one in its place.`);
}

/** Named by the time, so that the last one used is the first to be tried. */
export async function keepOldKey(
  folder: string,
  key: NodeKey,
  now: Date,
  { isStolen = false }: Leaving = {},
): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  // Of later times, smaller names.
  const order = String(10 ** 14 - now.getTime()).padStart(14, '0');
  const suffix = isStolen ? STOLEN_SUFFIX : '.key';
  await writeKey(join(folder, `${order}-${addressOf(key)}${suffix}`), `0x${key.secret().toString('hex')}\n`);
  await sync(dirname(folder));
}

/** At any moment, the file holds one or the other. */
export async function writeKey(path: string, text: string): Promise<void> {
  const temporary = `${path}.${randomBytes(6).toString('hex')}`;
  await writeFile(temporary, text, { mode: 0o600, flush: true, flag: 'wx' });
  await chmod(temporary, 0o600);
  await rename(temporary, path);
  await sync(dirname(path));
}
