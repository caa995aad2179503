/**
 * What a folder takes on the disk, while somebody hostile writes in it. Each folder is opened relative to the one it was found in, by
 * its descriptor and never through a symbolic link: whatever is renamed or replaced meanwhile, nothing outside is ever looked at.
 */
import { constants } from 'node:fs';
import { lstat, open, opendir, type FileHandle } from 'node:fs/promises';
import { systemCode } from '@capstan/shared/errors';

/** Each level holds a descriptor. What lies deeper can't be measured, and counts as too much. */
const MAX_DEPTH = 200;
/** What an entry takes of the file system beside its content: an inode and its name. */
const ENTRY_BYTES = 512;
const BLOCK_BYTES = 512;
const FOLDER = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;

/** Counts until it is more than `enough`. Undefined where the folder is not to be seen from here: the engine is elsewhere. */
export async function usageBelow(path: string, enough: number, signal: AbortSignal): Promise<number | undefined> {
  let root: FileHandle;
  try {
    root = await open(path, FOLDER);
  } catch (error) {
    if (['ENOENT', 'EACCES', 'ENOTDIR', 'ELOOP'].includes(systemCode(error) ?? '')) return undefined;
    throw error;
  }
  const counted = { bytes: 0 };
  const count = async (folder: FileHandle, depth: number): Promise<void> => {
    await using opened = folder;
    const base = Buffer.from(`/proc/self/fd/${opened.fd}/`);
    // Names are bytes: a file whose name is no text counts like any other.
    for await (const entry of await opendir(base.toString(), { encoding: 'buffer' as BufferEncoding })) {
      signal.throwIfAborted();
      if (counted.bytes > enough) return;
      const child = Buffer.concat([base, entry.name as unknown as Buffer]);
      const stats = await unlessGone(lstat(child));
      if (!stats) continue;
      counted.bytes += ENTRY_BYTES + (stats.blocks * BLOCK_BYTES) / Math.max(1, stats.isDirectory() ? 1 : stats.nlink);
      if (!stats.isDirectory()) continue;
      if (depth >= MAX_DEPTH) counted.bytes = Number.POSITIVE_INFINITY;
      const inner = await unlessGone(open(child, FOLDER));
      if (inner) await count(inner, depth + 1);
    }
  };
  await count(root, 1);
  return counted.bytes;
}

/** Removed or replaced since its name was read. */
async function unlessGone<T>(looking: Promise<T>): Promise<T | undefined> {
  try {
    return await looking;
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'ELOOP'].includes(systemCode(error) ?? '')) return undefined;
    throw error;
  }
}
