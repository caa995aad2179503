/**
 * Files of a folder that others may write into, too: of what lies there only plain files are opened, and nothing through a link, for
 * a link leads to what its maker could not read.
 */
import { constants, type Stats } from 'node:fs';
import { lstat, open, realpath, stat, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { CapstanError, systemCode } from '../contract/errors.ts';

/** Undefined if there is none. Throws RESULTS_UNAVAILABLE for a link, wherever on the way, and for what is no plain file. */
export async function openBeneath(dir: string, ...path: readonly string[]): Promise<FileHandle | undefined> {
  const at = join(dir, ...path);
  const handle = await openPlain(at);
  if (!handle) return undefined;
  try {
    // After it was opened: what was put in its place since is another file.
    const [real, expected] = [await realpath(at), join(await realpath(dir), ...path)];
    if (real !== expected || !isSame(await stat(real), await handle.stat())) throw notPlain();
    return handle;
  } catch (error) {
    await handle.close();
    throw systemCode(error) === 'ENOENT' ? notPlain() : error;
  }
}

async function openPlain(at: string): Promise<FileHandle | undefined> {
  let handle: FileHandle;
  try {
    // A pipe without a writer would be waited for.
    handle = await open(at, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(systemCode(error) ?? '')) return undefined;
    if (['ELOOP', 'EMLINK', 'ENXIO'].includes(systemCode(error) ?? '')) throw notPlain();
    throw error;
  }
  if ((await handle.stat()).isFile()) return handle;
  await handle.close();
  throw notPlain();
}

const isSame = (one: Stats, other: Stats) => one.ino === other.ino && one.dev === other.dev;

/** Throws if a folder that is about to be written into, or emptied, is a link. Harmless if it is not there. */
export async function requireRealFolders(dir: string, ...path: readonly string[]): Promise<void> {
  let at = dir;
  for (const name of path) {
    at = join(at, name);
    try {
      if (!(await lstat(at)).isDirectory()) throw notPlain();
    } catch (error) {
      if (systemCode(error) === 'ENOENT') return;
      throw error;
    }
  }
}

const notPlain = () =>
  new CapstanError(
    'RESULTS_UNAVAILABLE',
    'Something else lies in the place of a result, such as a link. Tell the operator of the node.',
  );
