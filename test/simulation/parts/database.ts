/**
 * The gateway's database: real SQLite, in memory, that outlives gateways. A gateway dies right before a commit or right after it; what it
 * had not committed is lost with it, and a dead one writes nothing any more.
 */
import type { Db } from '../../../services/gateway/src/store/db.ts';
import type { Process } from '../world/process.ts';

/** The database as one life of the gateway has it. */
export function databaseOf(db: Db, process: Process): Db {
  const requireLife = () => {
    if (!process.isAlive()) throw new Error('this gateway is dead');
  };
  process.onDeath(() => {
    try {
      db.exec('rollback');
    } catch {
      // No transaction was open.
    }
  });
  return {
    prepare(sql) {
      const statement = db.prepare(sql);
      if (sql !== 'commit') {
        return {
          ...statement,
          run(...values) {
            requireLife();
            return statement.run(...values);
          },
        };
      }
      return {
        ...statement,
        run() {
          process.point('a commit');
          requireLife();
          const result = statement.run();
          process.point('what follows a commit');
          return result;
        },
      };
    },
    exec(sql) {
      requireLife();
      db.exec(sql);
    },
    backup: () => Promise.reject(new Error('nobody asks for a backup here')),
    close: () => undefined,
  };
}
