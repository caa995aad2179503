/** The SQLite file: the only place that imports SQLite. Opens, checks, migrates, and groups writes into commits. */
import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
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
  close(): void;
}

/** Opens the store at `path`, or in memory for unit tests. Refuses a file that is damaged or newer than this program. */
export function openDb(path: string): Db {
  if (path !== ':memory:') mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  let db: DatabaseSync;
  try {
    db = new DatabaseSync(path);
    db.exec('pragma busy_timeout = 1000; pragma foreign_keys = on;');
    // Every job dirties the same few index pages: the longer the log, the fewer times they are written back (64 MB at most).
    db.exec('pragma cache_size = -64000; pragma wal_autocheckpoint = 16000;');
    // Exclusive: a second gateway on the same store is refused, and a read costs no file locks.
    db.exec('pragma locking_mode = exclusive; pragma journal_mode = wal;');
    // FULL: a commit is on the disk before the client hears of it, also when the power fails.
    db.exec('pragma synchronous = full;');
    checkIntegrity(db);
    migrate(db);
  } catch (error) {
    throw asOurs(error);
  }
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
    close: () => db.close(),
  };
}

const BUSY = 5;

function asOurs(error: unknown): CapstanError {
  if (error instanceof CapstanError) return error;
  const text =
    resultCodeOf(error) === BUSY
      ? 'The store is in use: another gateway runs on this data folder. Stop it first; there is one gateway a store.'
      : `The store can't be opened: ${messageOf(error)}`;
  return new CapstanError('STORE_UNAVAILABLE', text, { cause: error });
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
    throw new CapstanError(
      'STORE_UNAVAILABLE',
      `The store is damaged (${verdict}). Restore it from a backup; the node does not start on it.`,
    );
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
