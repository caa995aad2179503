import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { temporaryFolder } from '../../../scripts/parts/temporary-folder.ts';

const DB = join(import.meta.dirname, '..', '..', '..', 'services', 'gateway', 'src', 'store', 'db.ts');

/** More than SQLite keeps in memory for a statement. */
const LARGE = `
  import { openDb } from '${DB}';
  const db = openDb(process.env.STORE);
  db.exec('create table numbers (n integer primary key, text text unique)');
  db.exec(\`with recursive count (n) as (select 1 union all select n + 1 from count where n < 200000)
    insert into numbers select n, hex(randomblob(50)) from count\`);
  db.exec('begin; update numbers set text = text || 1; create index again on numbers (text); commit');
  console.log('done');`;

describe('the store', () => {
  it('needs no other folder than its own, not even for temporary files', async function () {
    // Only root may take the others away from a program.
    if (process.getuid?.() !== 0) this.skip();
    await using folder = await temporaryFolder('store-alone');
    const closed = ['/tmp', '/var/tmp'].map((path) => `mount -t tmpfs -o ro tmpfs ${path}`).join(' && ');
    const command = `mount --bind "$FOLDER" /mnt && ${closed} && cd /proc && exec "$NODE" --input-type=module -e "$PROGRAM"`;
    const { SQLITE_TMPDIR: _ours, TMPDIR: _own, NODE_COMPILE_CACHE: _cache, ...environment } = process.env;
    const env = {
      ...environment,
      NODE: process.execPath,
      PROGRAM: LARGE,
      FOLDER: folder.path,
      STORE: '/mnt/capstan.db',
    };
    const { stdout } = await promisify(execFile)('unshare', ['--mount', 'sh', '-c', command], { env });
    expect(stdout).to.equal('done\n');
  });
});
