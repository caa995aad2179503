/**
 * What a folder takes on the disk, while somebody hostile writes in it. Each folder is opened relative to the one it was found in, by
 * its descriptor and never through a symbolic link: whatever is renamed or replaced meanwhile, nothing outside is ever looked at.
 */
import { constants, type Dirent } from 'node:fs';
import { lstat, open, opendir, type FileHandle } from 'node:fs/promises';
import { systemCode } from '@capstan/shared/contract/errors';
import type { Room } from './ports/volumes.ts';

/** Each level holds a descriptor. What lies deeper can't be measured, and counts as too much. */
const MAX_DEPTH = 200;
/** What an entry takes of the file system beside its content: an inode and its name. */
export const ENTRY_BYTES = 512;
const BLOCK_BYTES = 512;
/** Entries that are looked at together: one by one, each waits for its turn. */
const AT_ONCE = 64;
/** Into folders without it, nobody puts anything but their owner. */
const WRITE_FOR_ALL = 0o002;
const FOLDER = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;

/** Counts until it is more than `enough`. Undefined where the folder is not to be seen from here: the engine is elsewhere. */
export async function usageBelow(
  path: string,
  { enough, leavesOut }: { readonly enough: Room; readonly leavesOut?: 'the owner of the folder' | undefined },
  signal: AbortSignal,
): Promise<Room | undefined> {
  let root: FileHandle;
  try {
    root = await open(path, FOLDER);
  } catch (error) {
    if (['ENOENT', 'EACCES', 'ENOTDIR', 'ELOOP'].includes(systemCode(error) ?? '')) return undefined;
    throw error;
  }
  const counted = { bytes: 0, files: 0 };
  const owner = leavesOut && (await root.stat()).uid;
  const isEnough = () => counted.bytes > enough.bytes || counted.files > enough.files;
  const look = async (name: Buffer, depth: number): Promise<FileHandle | undefined> => {
    const stats = await unlessGone(lstat(name));
    if (!stats) return undefined;
    // Nobody but the engine's own user can make files that belong to it, and what belongs to it can be opened by a folder's name alone.
    if (stats.uid === owner && stats.isDirectory()) {
      return stats.mode & WRITE_FOR_ALL ? unlessGone(open(name, FOLDER)) : undefined;
    }
    // A kernel may let others give names to files that are not theirs, and each name takes room.
    if (stats.uid === owner && stats.nlink === 1) return undefined;
    counted.files += 1;
    counted.bytes += ENTRY_BYTES + (stats.blocks * BLOCK_BYTES) / Math.max(1, stats.isDirectory() ? 1 : stats.nlink);
    if (!stats.isDirectory()) return undefined;
    if (depth >= MAX_DEPTH) counted.bytes = Number.POSITIVE_INFINITY;
    return unlessGone(open(name, FOLDER));
  };
  const count = async (folder: FileHandle, depth: number): Promise<void> => {
    await using opened = folder;
    const base = Buffer.from(`/proc/self/fd/${opened.fd}/`);
    // Names are bytes: a file whose name is no text counts like any other.
    for await (const entries of inParts(await opendir(base.toString(), { encoding: 'buffer' as BufferEncoding }))) {
      signal.throwIfAborted();
      if (isEnough()) return;
      const names = entries.map(({ name }) => Buffer.concat([base, name as unknown as Buffer]));
      const folders = names.filter((_name, index) => entries[index]?.isDirectory());
      const others = names.filter((_name, index) => !entries[index]?.isDirectory());
      const handles = await Promise.all(others.map((name) => look(name, depth)));
      await Promise.all(handles.map(async (handle) => handle?.close()));
      // Of these nobody said that they are folders, or they have become some: their content is counted one after the other.
      for (const name of others.filter((_name, index) => handles[index] !== undefined)) {
        const inner = isEnough() ? undefined : await unlessGone(open(name, FOLDER));
        if (inner) await count(inner, depth + 1);
      }
      for (const name of folders) {
        const inner = isEnough() ? undefined : await look(name, depth);
        if (inner) await count(inner, depth + 1);
      }
    }
  };
  await count(root, 1);
  return counted;
}

async function* inParts(entries: AsyncIterable<Dirent>): AsyncGenerator<readonly Dirent[]> {
  let part: Dirent[] = [];
  for await (const entry of entries) {
    part.push(entry);
    if (part.length < AT_ONCE) continue;
    yield part;
    part = [];
  }
  if (part.length > 0) yield part;
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
