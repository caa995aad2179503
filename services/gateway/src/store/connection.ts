/** Connections to the store's file: the one that serves, and those of the threads beside it. All of one process may; no other process can: whoever has it is the leader, without an election. */
import { DatabaseSync } from 'node:sqlite';
import { pathToFileURL } from 'node:url';
import { messageOf } from '@capstan/shared/contract/errors';

/**
 * With SQLite's `unix-excl` the process holds the file, not the connection, for as long as it has one open, however it ends. A read costs
 * no lock of the operating system either: what connections have to agree on is in the memory that they share.
 */
export function connect(path: string): DatabaseSync {
  if (path === ':memory:') return new DatabaseSync(path);
  const url = pathToFileURL(path);
  url.searchParams.set('vfs', 'unix-excl');
  return new DatabaseSync(url);
}

/** Looks at all of the file; returns what is wrong with it. */
export function damageOf(db: DatabaseSync): string | undefined {
  try {
    const verdict = String(Object.values(db.prepare('pragma quick_check(1)').get() ?? {})[0]);
    return verdict === 'ok' ? undefined : verdict;
  } catch (error) {
    if (isDamage(error)) return messageOf(error);
    throw error;
  }
}

/** SQLite's primary result codes for a file that is damaged, or none of its own at all. */
const DAMAGED: readonly number[] = [11, 26];

export const isDamage = (error: unknown): boolean => DAMAGED.includes(resultCodeOf(error) ?? 0);

/** SQLite's primary result code, of an error of its own. */
export function resultCodeOf(error: unknown): number | undefined {
  return error instanceof Error && 'errcode' in error ? Number(error.errcode) & 0xff : undefined;
}
