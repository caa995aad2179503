/** A store as it was when triggers decided: what the code decides now is compared with it. */
import { DatabaseSync } from 'node:sqlite';
import { openDb, type Db } from '../../../services/gateway/src/store/db.ts';
import { decisionsInCode } from '../../../services/gateway/src/store/migrations/0024-decisions-in-code.ts';
import { MIGRATIONS } from '../../../services/gateway/src/store/migrations/list.ts';
import { NEXT_REVISION } from '../../../services/gateway/src/store/revision.ts';
import { storeOn, type Store } from '../../../services/gateway/src/store/store.ts';
import { ORDER } from '../../../services/gateway/src/store/usage.ts';

/** The version whose triggers decided last. */
export const BEFORE = MIGRATIONS.indexOf(decisionsInCode);

/** The triggers of that version that are no more, as they stood in it. */
export function formerTriggers(): readonly string[] {
  former ??= triggersBefore();
  return former;
}

/** The migrations are as they are: once is enough. */
let former: readonly string[] | undefined;

function triggersBefore(): readonly string[] {
  const dropped = decisionsInCode.matchAll(/drop trigger (\w+)/g).map(([, name]) => name ?? '');
  const names = new Set(dropped);
  using old = new DatabaseSync(':memory:');
  for (const sql of MIGRATIONS.slice(0, BEFORE)) old.exec(sql);
  return old
    .prepare("select name, sql from sqlite_schema where type = 'trigger'")
    .all()
    .filter(({ name }) => names.has(String(name)))
    .map(({ sql }) => String(sql));
}

/** The same tables and statements, but that nothing is decided by the code: the triggers of before do it. */
export function storeBefore(path = ':memory:'): { readonly store: Store; readonly db: Db } {
  const db = openDb(path);
  for (const trigger of formerTriggers()) db.exec(trigger);
  db.exec(`pragma user_version = ${BEFORE}`);
  const store = storeOn({ ...db, prepare: (sql) => db.prepare(sql.replace(`${NEXT_REVISION},`, '')) });
  return {
    db,
    store: {
      ...store,
      turns: { ...store.turns, ofWaiting: () => undefined },
      notifications: { ...store.notifications, add: () => undefined },
      usage: {
        ...store.usage,
        keepOrder: () => undefined,
        drop: (jobId, run) => (run === ORDER ? undefined : store.usage.drop(jobId, run)),
      },
    },
  };
}

/** All rows of all tables. */
export function rowsOf(db: Db): Readonly<Record<string, unknown>> {
  const tables = db.prepare("select name from sqlite_schema where type = 'table' and name not like 'sqlite_%'").all();
  return Object.fromEntries(
    tables.map(({ name }) => [
      String(name),
      db
        .prepare(`select * from ${String(name)}`)
        .all()
        .map((row) => ({ ...row })),
    ]),
  );
}
