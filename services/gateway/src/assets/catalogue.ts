/** The node's own catalogue: a folder of DDO files, `<DID without did:op:>.json`. */
import type { Stats } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { LRUCache } from 'lru-cache';
import type { Ddo } from '@capstan/shared/contract/ddo';
import { didSuffix, parseDid, type Did } from '@capstan/shared/contract/ids';
import { CapstanError, systemCode } from '@capstan/shared/contract/errors';
import { readDdo } from '@capstan/shared/assets/read-ddo';
import { parseJson } from '@capstan/shared/runtime/json';
import type { DdoSource } from './assets.ts';
import { isOfResults } from './shown.ts';

/** Descriptions that are kept in memory, as long as their files stay what they were. */
const MOST_KEPT = 1_000;
/** Of results of jobs, apart from the others: what consumers leave pushes nothing of the operator's out. */
const MOST_RESULTS_KEPT = 100;

interface Kept {
  readonly version: string;
  readonly ddo: Ddo;
}

export function createCatalogue(dir: string): DdoSource {
  const kept = new LRUCache<Did, Kept>({ max: MOST_KEPT });
  const keptResults = new LRUCache<Did, Kept>({ max: MOST_RESULTS_KEPT });

  const read = async (did: Did, path: string, version: string): Promise<Ddo> => {
    const checked = readDdo(parseJson(await readFile(path, 'utf8')));
    if (!checked.ok || checked.value.id !== did) {
      const problems = checked.ok ? 'its id is another DID' : Object.values(checked.errors).flat().join(' ');
      throw new CapstanError('INTERNAL', `The catalogue's file of ${did} is no valid DDO: ${problems}`);
    }
    (isOfResults(checked.value) ? keptResults : kept).set(did, { version, ddo: checked.value });
    return checked.value;
  };

  const look = async (did: Did): Promise<Ddo | undefined> => {
    const path = join(dir, `${didSuffix(did)}.json`);
    try {
      const version = versionOf(await stat(path));
      const known = [kept.get(did), keptResults.get(did)].find((each) => each?.version === version);
      return known ? known.ddo : await read(did, path, version);
    } catch (error) {
      if (systemCode(error) !== 'ENOENT') throw error;
      return undefined;
    }
  };

  /** Requests that come together look at the disk once. */
  const looking = new Map<Did, Promise<Ddo | undefined>>();

  return {
    async find(didText) {
      // Only a well-formed DID becomes a file name.
      const did = parseDid(didText);
      if (!did) return undefined;
      const found = looking.get(did) ?? look(did).finally(() => looking.delete(did));
      looking.set(did, found);
      return found;
    },
  };
}

/** Another file, or the same one written anew. */
function versionOf({ ino, size, mtimeMs, ctimeMs }: Stats): string {
  return [ino, size, mtimeMs, ctimeMs].join();
}
