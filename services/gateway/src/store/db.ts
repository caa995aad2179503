/** The SQLite file: the only place that imports SQLite. Opens, checks, migrates, and groups writes into commits. */
import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { CapstanError, messageOf } from '@capstan/shared/errors';
import { MIGRATIONS } from './migrations/list.ts';

export type SqlValue = null | number | bigint | string | Uint8Array;
export type Row = Readonly<Record<string, SqlValue>>;

export interface Statement {
  run(...values: readonly SqlValue[]): { readonly changes: number; readonly lastId: number };
  get(...values: readonly SqlValue[]): Row | undefined;
  all(...values: readonly SqlValue[]): readonly Row[];
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
    // FULL: a commit is on the disk before the client hears of it, also when the power fails.
    db.exec(
      'pragma journal_mode = wal; pragma synchronous = full; pragma foreign_keys = on; pragma busy_timeout = 5000;',
    );
    checkIntegrity(db);
    migrate(db);
  } catch (error) {
    throw error instanceof CapstanError
      ? error
      : new CapstanError('STORE_UNAVAILABLE', `The store can't be opened: ${messageOf(error)}`, { cause: error });
  }
  return {
    prepare(sql) {
      const statement = db.prepare(sql);
      return {
        run(...values) {
          const { changes, lastInsertRowid } = statement.run(...values);
          return { changes: Number(changes), lastId: Number(lastInsertRowid) };
        },
        get: (...values) => statement.get(...values),
        all: (...values) => statement.all(...values),
      };
    },
    exec: (sql) => db.exec(sql),
    close: () => db.close(),
  };
}

/** SQLite's primary result codes for a disk that fails, or is full. */
const DISK_FAILURES: readonly number[] = [10, 13];

/** Whether the disk is to blame: then nothing else of the same transaction can be kept either, and SQLite may have undone it all. */
export function isDiskFailure(error: unknown): boolean {
  return error instanceof Error && 'errcode' in error && DISK_FAILURES.includes(Number(error.errcode) & 0xff);
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
