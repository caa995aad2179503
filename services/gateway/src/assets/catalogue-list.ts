/**
 * All descriptions of the node's own catalogue but results of jobs, up to a bound: read once for all who ask within a moment. Results are in
 * the same folder, in any number; each is read once, to be passed over from then on.
 */
import { stat } from 'node:fs/promises';
import type { Clock } from '@capstan/shared/runtime/clock';
import type { Ddo } from '@capstan/shared/contract/ddo';
import { hasCode, systemCode } from '@capstan/shared/contract/errors';
import { namesIn } from '@capstan/shared/runtime/names-in-folder';
import type { DdoSource } from './assets.ts';
import { isOfResults } from './shown.ts';

export type ListCatalogue = () => Promise<readonly Ddo[]>;

/** As many as are kept in memory. */
const MOST_LISTED = 1_000;
const FRESH_MS = 2_000;

interface ListOptions {
  readonly dir: string;
  readonly catalogue: DdoSource;
  readonly clock: Clock;
}

export function createCatalogueList({ dir, catalogue, clock }: ListOptions): ListCatalogue {
  /** Names of files, as long as they are there: what was a job's results stays so. */
  const results = new Set<string>();
  let known: { readonly listed: Promise<readonly Ddo[]>; readonly atMs: number; readonly version: number } | undefined;

  const read = async (): Promise<readonly Ddo[]> => {
    const listed: Ddo[] = [];
    const names = await describedIn(dir);
    const there = new Set(names);
    for (const name of results) if (!there.has(name)) results.delete(name);
    for (const name of names) {
      if (listed.length >= MOST_LISTED) break;
      if (results.has(name)) continue;
      const ddo = await catalogue.find(`did:op:${name}`).catch(passOver);
      if (ddo && isOfResults(ddo)) results.add(name);
      else if (ddo) listed.push(ddo);
    }
    return listed;
  };

  return async () => {
    const version = await changedAt(dir);
    const atMs = clock.monotonicMs();
    if (known?.version === version && atMs - known.atMs < FRESH_MS) return known.listed;
    // One after the other: a folder of many results is read through once.
    const before = known?.listed ?? Promise.resolve([]);
    const listed = before.then(read, read);
    known = { listed, atMs, version };
    listed.catch(() => {
      if (known?.listed === listed) known = undefined;
    });
    return listed;
  };
}

/** One that is no description is refused to whoever names it; the others are there all the same. */
function passOver(error: unknown): undefined {
  if (!hasCode(error, 'INTERNAL')) throw error;
}

/** When a file came, went, or was replaced; 0 while there is no folder. */
async function changedAt(dir: string): Promise<number> {
  try {
    return (await stat(dir)).mtimeMs;
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return 0;
    throw error;
  }
}

async function describedIn(dir: string): Promise<readonly string[]> {
  const names = (await namesIn(dir)).filter((name) => /^[0-9a-f]{64}\.json$/.test(name)).toSorted();
  return names.map((name) => name.slice(0, -'.json'.length));
}
