/** Opens a store and holds it until it is killed, as a gateway of this version does or one of the version before. Writes a little first. */
import { DatabaseSync } from 'node:sqlite';
import { openStore } from '../../../services/gateway/src/store/store.ts';

const [path = '', way] = process.argv.slice(2);
/** One that nobody refers to is closed with the next collection of garbage. */
const held: object[] = [];

try {
  if (way === 'new') {
    const store = openStore(path, undefined, { hasThread: true });
    held.push(store);
    await store.write(() => store.probe(7));
  } else {
    const db = new DatabaseSync(path);
    held.push(db);
    db.exec(
      'pragma busy_timeout = 1000; pragma locking_mode = exclusive; pragma journal_mode = wal; pragma synchronous = full;',
    );
    db.exec('insert into probe (id, at) values (1, 7) on conflict (id) do update set at = excluded.at');
  }
  console.log('holds it');
  // Until it is killed.
  setInterval(() => held, 2 ** 30);
} catch (error) {
  console.log(`refused: ${String(error)}`);
}
