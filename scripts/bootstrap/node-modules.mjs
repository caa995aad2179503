import { createHash } from 'node:crypto';
import { access, readFile, rm, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { lastLines, run } from './programs.mjs';
import * as say from './say.mjs';
import { SetupError } from './setup-error.mjs';

/** node_modules as package-lock.json says. */
export const nodeModules = {
  name: 'node_modules',

  async ready({ root }) {
    const wanted = await fingerprint(root);
    const record = await npmsRecord(root);
    // A workspace has a folder of its own for what it needs in another version: who copies a checkout forgets it.
    if (record === undefined || !(await areThere(root, Object.keys(record)))) return undefined;
    if ((await readIfThere(stampPath(root))) === wanted) return 'node_modules';
    if (!(await isAsLocked(root, record))) return undefined;
    await writeFile(stampPath(root), wanted);
    return 'node_modules';
  },

  async packages() {
    return [];
  },

  /** @param quietMs how long npm may say nothing before we do */
  async bring({ root, signal, quietMs = 30_000 }) {
    say.doing('installing node_modules (npm ci)');
    // The stamp goes first and comes back last: an interrupted npm ci leaves none and is done again.
    await rm(stampPath(root), { force: true });
    const args = ['ci', '--loglevel=error', '--no-progress', '--include=dev', '--include=optional'];
    const quiet = setTimeout(
      () =>
        say.doing('still installing node_modules: `npm ping` in another terminal shows whether the registry answers'),
      quietMs,
    );
    const { code, output } = await run(['npm', ...args], {
      cwd: root,
      env: withoutOwnBin(process.env),
      signal,
      // At a first SIGTERM, npm takes back what it did and then goes on waiting for a registry that does not answer.
      killSignal: 'SIGKILL',
    }).finally(() => clearTimeout(quiet));
    if (code === 127)
      throw new SetupError('npm is not on PATH', 'install npm (Debian and Ubuntu: apt-get install npm)');
    if (code !== 0) throw new SetupError(`npm ci failed in ${root}`, `${lastLines(output)}\ntry it by hand: npm ci`);
    await writeFile(stampPath(root), await fingerprint(root));
  },
};

// npm must not run on the Node that it is about to replace.
function withoutOwnBin(env) {
  const folders = (env.PATH ?? '').split(delimiter).filter((folder) => !folder.endsWith(join('node_modules', '.bin')));
  return { ...env, PATH: folders.join(delimiter) };
}

/** What npm wrote down of what it put there, by path. */
async function npmsRecord(root) {
  const record = await readIfThere(join(root, 'node_modules', '.package-lock.json'));
  return record === undefined ? undefined : JSON.parse(record).packages;
}

async function areThere(root, paths) {
  const found = await Promise.allSettled(paths.map((path) => access(join(root, path))));
  return found.every(({ status }) => status === 'fulfilled');
}

// A developer's own `npm install` leaves no stamp of ours: no need to do it again.
async function isAsLocked(root, installed) {
  const pinnedNode = `node_modules/node-${process.platform}-${process.arch}`;
  const locked = JSON.parse(await readFile(join(root, 'package-lock.json'), 'utf8')).packages;
  return Object.entries(locked)
    .filter(([path]) => path.includes('node_modules/'))
    .every(([path, { version, optional, link }]) => {
      const found = installed[path];
      if (found === undefined) return optional === true && path !== pinnedNode;
      return link === true || found.version === version;
    });
}

// Native modules and the pinned Node differ from machine to machine, so a copied folder doesn't count.
async function fingerprint(root) {
  const lock = await readFile(join(root, 'package-lock.json'));
  return createHash('sha256').update(`${process.platform}-${process.arch}\n`).update(lock).digest('hex');
}

function stampPath(root) {
  return join(root, 'node_modules', '.installed-lock.sha256');
}

async function readIfThere(path) {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  }
}
