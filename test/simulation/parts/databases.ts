/**
 * Real SQLite in memory, once for many schedules: to make the tables and to compile some two hundred statements takes longer than all that
 * a schedule does with them. Each schedule finds the database as a new one is.
 */
import { openDb, type Db, type Row, type Statement } from '../../../services/gateway/src/store/db.ts';

export interface Databases {
  /** As a new one is. The ones before are closed: what is left of an earlier schedule writes nothing any more. */
  fresh(): Db;
}

export function createDatabases(): Databases {
  const db = openDb(':memory:');
  const prepared = new Map<string, Statement>();
  const prepare = (sql: string) => {
    const statement = prepared.get(sql) ?? db.prepare(sql);
    prepared.set(sql, statement);
    return statement;
  };
  const empty = emptier(db, prepare);
  let current = {};

  return {
    fresh() {
      const mine = {};
      current = mine;
      const requireOpen = () => {
        if (current !== mine) throw new Error('this database is of an earlier schedule');
      };
      empty();
      return {
        prepare(sql) {
          const statement = prepare(sql);
          return {
            ...statement,
            run(...values) {
              requireOpen();
              return statement.run(...values);
            },
          };
        },
        exec(sql) {
          requireOpen();
          db.exec(sql);
        },
        backup: () => Promise.reject(new Error('nobody asks for a backup here')),
        close: () => undefined,
      };
    },
  };
}

/** Brings all tables back to what the migrations put into them. */
function emptier(db: Db, prepare: (sql: string) => Statement): () => void {
  const names = prepare(`select name from sqlite_schema where type = 'table'`)
    .all()
    .map(({ name }) => String(name));
  const tables = names.map((name) => ({ name, rows: prepare(`select * from ${name}`).all() }));
  // No order of deleting suits every reference and every trigger: references are not looked at, and what triggers write is deleted last.
  const deleting = [...tables, ...tables].map(({ name }) => prepare(`delete from ${name}`));
  const inserting = tables.flatMap(({ name, rows }) => rows.map((row) => insertOf(prepare, name, row)));
  return () => {
    try {
      db.exec('rollback');
    } catch {
      // The schedule before left no transaction open.
    }
    db.exec('pragma foreign_keys = off; begin');
    for (const statement of deleting) statement.run();
    for (const insert of inserting) insert();
    db.exec('commit; pragma foreign_keys = on');
  };
}

function insertOf(prepare: (sql: string) => Statement, table: string, row: Row): () => void {
  const values = Object.values(row);
  const statement = prepare(`insert into ${table} values (${values.map(() => '?').join(', ')})`);
  return () => void statement.run(...values);
}
