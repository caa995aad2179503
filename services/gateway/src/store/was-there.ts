/**
 * A store that was there and is gone, as after a volume that was not mounted, is not made anew without a word: a mark in the data folder
 * says that there was one. Nor is one opened whose restore stopped half-way.
 */
import { existsSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { CapstanError, messageOf } from '@capstan/shared/contract/errors';
import type { Log } from '@capstan/shared/runtime/log';
import { openStore, type Store } from './store.ts';

const MARK = 'store-was-here';
/** Written by `npm run restore` before it moves anything, and taken away when all is in its place. */
export const RESTORE_JOURNAL = 'restore-in-progress.json';

const TEXT = 'This node has a store. If the store is gone, the gateway does not start before it is brought back.\n';

/** The data folder, of the path of the store in it. */
const dataDirOf = (storePath: string) => dirname(dirname(storePath));

/** Opens the store of this node, which is made only where there was none. Its upkeep is the caller's. */
export function openStoreThatWas(storePath: string, log: Log): Store {
  requireStoreThatWas(storePath);
  const store = openStore(storePath, log, { hasThread: true });
  markStore(storePath, log);
  return store;
}

/** Throws STORE_UNAVAILABLE if the store should be there and is not, or only half of it is. */
export function requireStoreThatWas(storePath: string): void {
  const dataDir = dataDirOf(storePath);
  if (existsSync(join(dataDir, RESTORE_JOURNAL))) {
    throw new CapstanError(
      'STORE_UNAVAILABLE',
      'A restore was not finished. Run npm run restore again, with the same backup: it first undoes what was begun.',
    );
  }
  const mark = join(dataDir, MARK);
  if (existsSync(storePath) || !existsSync(mark)) return;
  throw new CapstanError(
    'STORE_UNAVAILABLE',
    `The store ${storePath} is gone, and there was one. Mount what holds it, or bring back a backup (npm run restore). To begin anew, without the jobs that there were, delete ${mark}.`,
  );
}

/** From now on there is one. A disk that is full keeps nobody from reading. */
function markStore(storePath: string, log: Log): void {
  const mark = join(dataDirOf(storePath), MARK);
  if (existsSync(mark)) return;
  try {
    writeFileSync(mark, TEXT, { mode: 0o600, flush: true });
  } catch (error) {
    log.warn(
      { problem: messageOf(error) },
      'there is no mark that this node has a store: should it vanish, nothing tells',
    );
  }
}
