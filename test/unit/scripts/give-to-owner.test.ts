import { execFile } from 'node:child_process';
import { chown, link, mkdir, readdir, stat, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { giveTo, ownerToGiveTo } from '../../../scripts/parts/give-to-owner.ts';
import { ROOT } from '../../../scripts/parts/service.ts';
import { openStore } from '../../../services/gateway/src/store/store.ts';
import { temporaryFolder } from '../../../scripts/parts/temporary-folder.ts';

/** A service's user. No account has to have it. */
const UID = 20_123;
const GID = 20_124;

/** What is not that user's in a folder. */
async function notTheirs(folder: string): Promise<readonly string[]> {
  const names = await readdir(folder, { recursive: true });
  const owners = await Promise.all(
    names.map(async (name) => {
      const { uid, gid } = await stat(join(folder, name));
      return { name, uid, gid };
    }),
  );
  return owners.filter(({ uid, gid }) => uid !== UID || gid !== GID).map(({ name }) => name);
}

describe("what root does in a service user's data folder", () => {
  it('leaves nothing there that the user could not read: catalogue, keys, backup, restore', async () => {
    await using folder = await temporaryFolder('owner');
    const [dataDir, other, file] = ['data', 'other', 'own.csv'].map((name) => join(folder.path, name)) as [
      string,
      string,
      string,
    ];
    await writeFile(file, 'a,b\n1,2\n');
    for (const each of [dataDir, other]) {
      await mkdir(each, { mode: 0o700 });
      await chown(each, UID, GID);
    }
    const run = (script: string, words: readonly string[], data = dataDir) =>
      promisify(execFile)(process.execPath, [join(ROOT, 'scripts', script), ...words], {
        cwd: folder.path,
        env: { ...process.env, CAPSTAN_DATA_DIR: data, INIT_CWD: folder.path },
      });
    await run('catalogue.ts', ['add', file]);
    expect(await notTheirs(dataDir)).to.deep.equal([]);
    await run('keys.ts', ['rotate']);
    // As the node of that user leaves it.
    openStore(join(dataDir, 'store', 'capstan.db')).close();
    await mkdir(join(dataDir, 'results'));
    for (const name of await notTheirs(dataDir)) await chown(join(dataDir, name), UID, GID);
    const { stdout } = await run('backup.ts', [join(folder.path, 'backups'), '--results']);
    expect(await notTheirs(dataDir)).to.deep.equal([]);
    const backup = stdout.split(':')[0] ?? '';
    expect(dirname(backup)).to.equal(join(folder.path, 'backups'));
    await run('restore.ts', [backup], other);
    expect(await notTheirs(other)).to.deep.equal([]);
    await run('restore.ts', [backup, '--replace'], other);
    expect(await notTheirs(other)).to.deep.equal([]);
  });

  it('gives away nothing that lies elsewhere', async () => {
    await using folder = await temporaryFolder('owner');
    const [theirs, outside] = ['theirs', 'outside'].map((name) => join(folder.path, name)) as [string, string];
    await mkdir(theirs);
    await chown(theirs, UID, GID);
    await mkdir(outside);
    await writeFile(join(outside, 'file'), '');
    await symlink(outside, join(theirs, 'folder'));
    await symlink(join(outside, 'file'), join(theirs, 'link'));
    await link(join(outside, 'file'), join(theirs, 'name'));
    await giveTo(await ownerToGiveTo(theirs), [theirs]);
    for (const each of [outside, join(outside, 'file')]) expect((await stat(each)).uid, each).to.equal(0);
    expect(await ownerToGiveTo(outside)).to.equal(undefined);
    expect(await ownerToGiveTo(join(outside, 'nothing'))).to.equal(undefined);
  });
});
