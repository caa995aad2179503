import { execFile } from 'node:child_process';
import { chmod, chown, link, lstat, mkdir, readdir, readFile, readlink, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { temporaryFolder } from '../../../../scripts/parts/temporary-folder.ts';
import {
  readMask,
  readPlain,
  writePlain as write,
  type NewEntry,
} from '../../../../services/runner/src/docker/plain-files.ts';

const run = promisify(execFile);
const room = () => ({ bytes: 1_000, entries: 20 });
const folder = (...path: readonly string[]): NewEntry => ({ kind: 'folder', path, mode: 0o755, uid: 0 });
const file = (text: string, ...path: readonly string[]): NewEntry => ({
  kind: 'file',
  path,
  mode: 0o444,
  uid: 0,
  bytes: Buffer.from(text),
});

const writePlain = async (path: string, entries: readonly NewEntry[]) => write(path, entries, await readMask());

describe('a folder with few and plain files', () => {
  it('is read in the order of archives: folders first, names by their bytes', async () => {
    await using root = await temporaryFolder('plain');
    await mkdir(join(root.path, 'b'));
    await writeFile(join(root.path, 'b', 'inner'), 'i');
    for (const name of ['ä', 'a', 'Z', 'b-']) await writeFile(join(root.path, name), name);
    const found = await readPlain(root.path, room());
    expect(found?.map(({ kind, path }) => `${kind} ${path.join('/')}`)).to.deep.equal([
      'folder ',
      'file Z',
      'file a',
      'folder b',
      'file b/inner',
      'file b-',
      'file ä',
    ]);
    expect(found?.map((entry) => (entry.kind === 'file' ? entry.bytes.toString() : ''))).to.deep.equal([
      '',
      'Z',
      'a',
      '',
      'i',
      'b-',
      'ä',
    ]);
  });

  const ODD: Readonly<Record<string, (root: string) => Promise<unknown>>> = {
    'a link to a file elsewhere': (root) => symlink('/etc/passwd', join(root, 'one')),
    'a link to a folder elsewhere': (root) => symlink('/etc', join(root, 'one')),
    'a file with two names': async (root) => {
      await writeFile(join(root, 'one'), '');
      await link(join(root, 'one'), join(root, 'two'));
    },
    'a pipe': (root) => run('mkfifo', [join(root, 'one')]),
    'a name that is no UTF-8': (root) => writeFile(Buffer.concat([Buffer.from(`${root}/`), Buffer.of(0xff)]), ''),
    'more bytes than there is room for': (root) => writeFile(join(root, 'one'), 'x'.repeat(1_001)),
    'more bytes in all': async (root) => {
      for (const name of ['a', 'b']) await writeFile(join(root, name), 'x'.repeat(501));
    },
    'a file full of holes': (root) => run('truncate', ['-s', '1T', join(root, 'one')]),
    'more files': async (root) => {
      for (let index = 0; index < 21; index += 1) await writeFile(join(root, String(index)), '');
    },
    'folders that are nested deeply': (root) => mkdir(join(root, 'a/'.repeat(40)), { recursive: true }),
  };
  for (const [what, make] of Object.entries(ODD)) {
    it(`is none with ${what}`, async () => {
      await using root = await temporaryFolder('plain');
      await make(root.path);
      expect(await readPlain(root.path, { bytes: 1_000, entries: what.includes('deeply') ? 100 : 20 })).to.equal(
        undefined,
      );
    });
  }

  it('is none that is a link itself, or a file', async () => {
    await using root = await temporaryFolder('plain');
    await symlink('/etc', join(root.path, 'one'));
    await writeFile(join(root.path, 'two'), '');
    for (const name of ['one', 'two']) expect(await readPlain(join(root.path, name), room())).to.equal(undefined);
  });
});

describe('files that are put into a folder', function () {
  before(function () {
    // Only root gives files away.
    if (process.geteuid?.() !== 0) this.skip();
  });

  it('have the owners and the rights that they shall have, and so has the folder', async () => {
    await using root = await temporaryFolder('plain');
    const written = await writePlain(root.path, [
      { kind: 'folder', path: [], mode: 0o1777, uid: 10_001 },
      folder('inner'),
      file('text', 'inner', 'file'),
      { kind: 'link', path: ['link'], target: '/elsewhere', uid: 10_001 },
    ]);
    expect(written).to.equal('written');
    const of = async (name: string) => {
      const { mode, uid, gid } = await lstat(join(root.path, name));
      return [mode & 0o7777, uid, gid];
    };
    expect(await of('')).to.deep.equal([0o1777, 10_001, 10_001]);
    expect(await of('inner')).to.deep.equal([0o755, 0, 0]);
    expect(await of('inner/file')).to.deep.equal([0o444, 0, 0]);
    expect((await of('link')).slice(1)).to.deep.equal([10_001, 10_001]);
    expect(await readlink(join(root.path, 'link'))).to.equal('/elsewhere');
    expect(await readFile(join(root.path, 'inner', 'file'), 'utf8')).to.equal('text');
  });

  it('have their rights whatever the process masks', async () => {
    for (const mask of [0, 0o77, 0o777]) {
      await using root = await temporaryFolder('plain');
      const before = process.umask(mask);
      try {
        expect(await readMask()).to.equal(mask);
        expect(await writePlain(root.path, [folder('inner'), file('a', 'inner', 'file')])).to.equal('written');
      } finally {
        process.umask(before);
      }
      const modes = await Promise.all(['inner', 'inner/file'].map((name) => lstat(join(root.path, name))));
      expect(modes.map(({ mode }) => mode & 0o7777)).to.deep.equal([0o755, 0o444]);
    }
  });

  it('may be put there again, and take the place of files and links of their name, which are not followed', async () => {
    await using root = await temporaryFolder('plain');
    await using other = await temporaryFolder('plain-other');
    await writeFile(join(other.path, 'kept'), 'kept');
    await symlink(join(other.path, 'kept'), join(root.path, 'passwd'));
    const entries = [file('ours', 'passwd'), folder('inner'), file('a', 'inner', 'file')];
    for (let again = 0; again < 2; again += 1) expect(await writePlain(root.path, entries)).to.equal('written');
    expect(await readFile(join(root.path, 'passwd'), 'utf8')).to.equal('ours');
    expect(await readFile(join(other.path, 'kept'), 'utf8')).to.equal('kept');
  });

  it('are not put through a link in the place of a folder', async () => {
    await using root = await temporaryFolder('plain');
    await using other = await temporaryFolder('plain-other');
    await chmod(other.path, 0o711);
    await symlink(other.path, join(root.path, 'inner'));
    expect(await writePlain(root.path, [folder('inner'), file('a', 'inner', 'file')])).to.equal(undefined);
    expect(await writePlain(root.path, [file('a', 'inner', 'file')])).to.equal(undefined);
    expect(await readdir(other.path)).to.deep.equal([]);
    expect((await lstat(other.path)).mode & 0o777).to.equal(0o711);
  });

  it('are not put where users are counted from elsewhere', async () => {
    await using root = await temporaryFolder('plain');
    await chown(root.path, 165_536, 165_536);
    expect(await writePlain(root.path, [folder(), file('a', 'one')])).to.equal(undefined);
    expect(await readdir(root.path)).to.deep.equal([]);
  });
});
