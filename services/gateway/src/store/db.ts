/** The SQLite file as the service has it: opens, checks, migrates, and copies it. */
import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { backup, type DatabaseSync, type StatementSync } from 'node:sqlite';
import { setTimeout } from 'node:timers/promises';
import { keepSqliteFilesIn } from '@capstan/shared/config/process';
import { CapstanError, messageOf } from '@capstan/shared/contract/errors';
import { LOG_LIMITS } from './log-limits.ts';
import { connect, damageOf, isDamage, resultCodeOf } from './connection.ts';
import { damaged } from './damaged.ts';
import { fillInMemory } from './in-memory.ts';
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

export interface Opening {
  /**
   * Whether a thread looks after it from now on (`upkeep.ts`): then what is one long call, whether the file is whole and writing the log
   * back, is not done here. Otherwise it is, as suits a command that has nobody to keep waiting.
   */
  readonly hasThread: boolean;
}

/** Opens the store at `path`, or in memory for unit tests. Refuses a file that is newer than this program, or seen to be damaged. */
export function openDb(path: string, { hasThread }: Opening = { hasThread: false }): Db {
  if (path !== ':memory:') {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    keepSqliteFilesIn(dirname(path));
  }
  let opened: DatabaseSync | undefined;
  try {
    const db = (opened = connect(path));
    db.exec('pragma busy_timeout = 1000; pragma foreign_keys = on;');
    db.exec(
      `pragma cache_size = -64000; pragma wal_autocheckpoint = ${hasThread ? LOG_WITHOUT_THREAD : LOG_LIMITS.fromPages};`,
    );
    db.exec('pragma journal_mode = wal;');
    // FULL: a commit is on the disk before the client hears of it, also when the power fails.
    db.exec('pragma synchronous = full;');
    // What is damaged must not be changed; nobody is served yet while a new version changes it.
    if (!hasThread || isOld(db)) checkIntegrity(db);
    if (path === ':memory:') fillInMemory(db, migrate);
    else migrate(db);
    return dbOn(db);
  } catch (error) {
    opened?.close();
    throw asOurs(error);
  }
}

/** Pages, 1 GB: so far the log comes only where the thread can't follow. Then commits write it back. */
const LOG_WITHOUT_THREAD = 262_144;

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
        run: (...values) =>
          sayingDamage(() => {
            const { changes, lastInsertRowid } = statement.run(...values);
            return { changes: Number(changes), lastId: Number(lastInsertRowid) };
          }),
        get: (...values) => sayingDamage(() => statement.get(...values)),
        all: (...values) => sayingDamage(() => statement.all(...values)),
        // The types of Node know rows with names only.
        values: (...values) =>
          sayingDamage(() => asValues().get(...values) as unknown as readonly SqlValue[] | undefined),
        allValues: (...values) =>
          sayingDamage(() => asValues().all(...values) as unknown as readonly (readonly SqlValue[])[]),
      };
    },
    exec: (sql) => db.exec(sql),
    backup: (to) => copy(db, to),
    close: () => db.close(),
  };
}

/** Whoever comes upon a damaged page before the thread does says the same as it. */
function sayingDamage<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw isDamage(error) ? damaged(messageOf(error), error) : error;
  }
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
      // Among writes that follow one another without a pause, a copy that doesn't wait either meets one each time.
      await setTimeout(Math.random() * Math.min(LONGEST_PAUSE_MS, 2 ** tries));
    }
  }
}

/** Under the heaviest load one in six fails. */
const BACKUP_TRIES = 50;
const LONGEST_PAUSE_MS = 250;
/** Pages of one step; between steps others have their turn. */
const BACKUP_PAGES = 500;

const BUSY = 5;

function asOurs(error: unknown): CapstanError {
  if (error instanceof CapstanError) return error;
  if (resultCodeOf(error) === BUSY) {
    return new CapstanError(
      'STORE_IN_USE',
      'The store is in use: another gateway runs on this data folder. Stop it first; there is one gateway a store.',
      { cause: error },
    );
  }
  if (isDamage(error)) return damaged(messageOf(error), error);
  return new CapstanError('STORE_UNAVAILABLE', `The store can't be opened: ${messageOf(error)}`, { cause: error });
}

/** SQLite's primary result codes for a disk that fails, or is full. */
const DISK_FAILURES: readonly number[] = [10, 13];

/** Whether the disk is to blame: then nothing else of the same transaction can be kept either, and SQLite may have undone it all. */
export function isDiskFailure(error: unknown): boolean {
  return DISK_FAILURES.includes(resultCodeOf(error) ?? 0);
}

function checkIntegrity(db: DatabaseSync): void {
  const damage = damageOf(db);
  if (damage !== undefined) throw damaged(damage);
}

const versionOf = (db: DatabaseSync) => Number(db.prepare('pragma user_version').get()?.['user_version'] ?? 0);
const isOld = (db: DatabaseSync) => versionOf(db) < MIGRATIONS.length;

function migrate(db: DatabaseSync): void {
  const version = versionOf(db);
  if (version > MIGRATIONS.length) {
    throw new CapstanError(
      'STORE_UNAVAILABLE',
      `The store has schema ${version}, this program knows ${MIGRATIONS.length}. It was written by a newer version: run that one.`,
    );
  }
  if (version === 0) {
    // A new store is made in one piece: the disk is waited for once.
    db.exec(`begin immediate; ${MIGRATIONS.join('; ')}; pragma user_version = ${MIGRATIONS.length}; commit;`);
    return;
  }
  for (const [offset, sql] of MIGRATIONS.slice(version).entries()) {
    db.exec(`begin immediate; ${sql}; pragma user_version = ${version + offset + 1}; commit;`);
  }
}
