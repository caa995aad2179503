/** The SQLite file: the only place that imports SQLite. Opens, checks, migrates, and groups writes into commits. */
import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { backup, DatabaseSync, type StatementSync } from 'node:sqlite';
import { CapstanError, messageOf } from '@capstan/shared/errors';
import { MIGRATIONS } from './migrations/list.ts';

export type SqlValue = null | number | bigint | string | Uint8Array;
export type Row = Readonly<Record<string, SqlValue>>;

export interface Statement {
  run(...values: readonly SqlValue[]): { readonly changes: number; readonly lastId: number };
  get(...values: readonly SqlValue[]): Row | undefined;
  all(...values: readonly SqlValue[]): readonly Row[];
  /** A row as its values in the order of the columns: much faster than with names. */
  values(...values: readonly SqlValue[]): readonly SqlValue[] | undefined;
  allValues(...values: readonly SqlValue[]): readonly (readonly SqlValue[])[];
}

export interface Db {
  prepare(sql: string): Statement;
  exec(sql: string): void;
  /** Copies the whole database to a new file while it is in use; what is written meanwhile is in the copy, too. */
  backup(to: string): Promise<void>;
  close(): void;
}

/** Opens the store at `path`, or in memory for unit tests. Refuses a file that is damaged or newer than this program. */
export function openDb(path: string): Db {
  if (path !== ':memory:') mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  let opened: DatabaseSync | undefined;
  try {
    const db = (opened = new DatabaseSync(path));
    db.exec('pragma busy_timeout = 1000; pragma foreign_keys = on;');
    // Every job dirties the same few index pages: the longer the log, the fewer times they are written back (64 MB at most).
    db.exec('pragma cache_size = -64000; pragma wal_autocheckpoint = 16000;');
    // Exclusive: a second gateway on the same store is refused, and a read costs no file locks.
    db.exec('pragma locking_mode = exclusive; pragma journal_mode = wal;');
    // FULL: a commit is on the disk before the client hears of it, also when the power fails.
    db.exec('pragma synchronous = full;');
    checkIntegrity(db);
    migrate(db);
    return dbOn(db);
  } catch (error) {
    opened?.close();
    throw asOurs(error);
  }
}

function dbOn(db: DatabaseSync): Db {
  return {
    prepare(sql) {
      const statement = db.prepare(sql);
      let unnamed: StatementSync | undefined;
      const asValues = () => {
        if (!unnamed) (unnamed = db.prepare(sql)).setReturnArrays(true);
        return unnamed;
      };
      return {
        run(...values) {
          const { changes, lastInsertRowid } = statement.run(...values);
          return { changes: Number(changes), lastId: Number(lastInsertRowid) };
        },
        get: (...values) => statement.get(...values),
        all: (...values) => statement.all(...values),
        // The types of Node know rows with names only.
        values: (...values) => asValues().get(...values) as unknown as readonly SqlValue[] | undefined,
        allValues: (...values) => asValues().all(...values) as unknown as readonly (readonly SqlValue[])[],
      };
    },
    exec: (sql) => db.exec(sql),
    backup: (to) => copy(db, to),
    close: () => db.close(),
  };
}

/**
 * Node copies on another thread. It takes a copy whose first step met a write in the middle for one that failed, without an error to
 * show for it; nothing is copied then, and the next try may have more luck.
 */
async function copy(db: DatabaseSync, to: string): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    try {
      await backup(db, to, { rate: BACKUP_PAGES });
      return;
    } catch (error) {
      if (resultCodeOf(error) !== 0 || tries === BACKUP_TRIES) throw error;
    }
  }
}

/** Under the heaviest load one in six fails. */
const BACKUP_TRIES = 50;
/** Pages of one step; between steps others have their turn. */
const BACKUP_PAGES = 500;

const BUSY = 5;
/** The file is damaged, or none of SQLite's at all. */
const DAMAGED: readonly number[] = [11, 26];
const WHAT_TO_DO = 'Restore it from a backup (npm run restore -- --help); the node does not start on it.';

function asOurs(error: unknown): CapstanError {
  if (error instanceof CapstanError) return error;
  if (resultCodeOf(error) === BUSY) {
    return new CapstanError(
      'STORE_IN_USE',
      'The store is in use: another gateway runs on this data folder. Stop it first; there is one gateway a store.',
      { cause: error },
    );
  }
  return new CapstanError('STORE_UNAVAILABLE', whyNot(error), { cause: error });
}

function whyNot(error: unknown): string {
  const code = resultCodeOf(error);
  if (code !== undefined && DAMAGED.includes(code)) return `The store is damaged (${messageOf(error)}). ${WHAT_TO_DO}`;
  return `The store can't be opened: ${messageOf(error)}`;
}

/** SQLite's primary result codes for a disk that fails, or is full. */
const DISK_FAILURES: readonly number[] = [10, 13];

/** Whether the disk is to blame: then nothing else of the same transaction can be kept either, and SQLite may have undone it all. */
export function isDiskFailure(error: unknown): boolean {
  return DISK_FAILURES.includes(resultCodeOf(error) ?? 0);
}

function resultCodeOf(error: unknown): number | undefined {
  return error instanceof Error && 'errcode' in error ? Number(error.errcode) & 0xff : undefined;
}

function checkIntegrity(db: DatabaseSync): void {
  const result = db.prepare('pragma quick_check(1)').get();
  const verdict = String(Object.values(result ?? {})[0]);
  if (verdict !== 'ok') {
    throw new CapstanError('STORE_UNAVAILABLE', `The store is damaged (${verdict}). ${WHAT_TO_DO}`);
  }
}

function migrate(db: DatabaseSync): void {
  const version = Number(db.prepare('pragma user_version').get()?.['user_version'] ?? 0);
  if (version > MIGRATIONS.length) {
    throw new CapstanError(
      'STORE_UNAVAILABLE',
      `The store has schema ${version}, this program knows ${MIGRATIONS.length}. It was written by a newer version: run that one.`,
    );
  }
  for (const [offset, sql] of MIGRATIONS.slice(version).entries()) {
    db.exec(`begin immediate; ${sql}; pragma user_version = ${version + offset + 1}; commit;`);
  }
}
