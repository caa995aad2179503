/** After the node got a new key: what the catalogue holds is sealed to it anew, so that the old one is needed for ever less. */
import { randomBytes } from 'node:crypto';
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf } from '@capstan/shared/contract/errors';
import { parseJson } from '@capstan/shared/runtime/json';
import type { Log } from '@capstan/shared/runtime/log';
import { namesIn } from '@capstan/shared/runtime/names-in-folder';
import type { NodeKey } from '@capstan/shared/crypto/node-key';
import { readDdo } from '@capstan/shared/assets/read-ddo';
import { publicKeyOf, seal, unsealBytes } from '@capstan/shared/crypto/seal';

interface ResealOptions {
  readonly dir: string;
  readonly key: NodeKey;
  readonly log: Log;
}

/** Resolves to how many descriptions were changed. What can't be changed stays as it is: the old key opens it. */
export async function resealCatalogue({ dir, key, log }: ResealOptions): Promise<number> {
  if (key.older().length === 0) return 0;
  let changed = 0;
  for (const name of (await namesIn(dir)).filter((each) => each.endsWith('.json'))) {
    try {
      changed += Number(await resealFile(join(dir, name), key));
    } catch (error) {
      log.warn({ name, problem: messageOf(error) }, 'a description stays sealed to an older key of the node');
    }
  }
  if (changed > 0) log.info({ changed }, "the catalogue is sealed to the node's new key");
  return changed;
}

async function resealFile(path: string, key: NodeKey): Promise<boolean> {
  const text = await readFile(path, 'utf8');
  const description = parseJson(text);
  // As it is read when somebody asks for it: who does is told what is wrong with one that can't be.
  if (!readDdo(description).ok || !isRecord(description)) return false;
  const services = listOf(description['services']).map((service) => resealedService(service, key));
  if (services.every((service, index) => service === listOf(description['services'])[index])) return false;
  const temporary = `${path}.${randomBytes(6).toString('hex')}`;
  try {
    await writeFile(temporary, `${JSON.stringify({ ...description, services }, undefined, 2)}\n`, {
      mode: 0o640,
      flush: true,
    });
    await rename(temporary, path);
  } finally {
    await rm(temporary, { force: true });
  }
  return true;
}

/** What else it says stays as its publisher wrote it. */
function resealedService(service: unknown, key: NodeKey): unknown {
  if (!isRecord(service) || typeof service['files'] !== 'string') return service;
  const files = resealed(service['files'], key);
  return files === service['files'] ? service : { ...service, files };
}

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** As it is, if it is sealed to the key of now, or to none of ours. */
function resealed(sealed: string, key: NodeKey): string {
  const bytes = Buffer.from(sealed.replace(/^0x/, ''), 'hex');
  const opens = (each: NodeKey) => {
    try {
      return unsealBytes(each, bytes);
    } catch {
      return undefined;
    }
  };
  const ownOnly = { ...key, older: () => [] };
  if (opens(ownOnly)) return sealed;
  for (const older of key.older()) {
    const content = opens(older);
    if (content) return seal(publicKeyOf(key), content);
  }
  return sealed;
}
