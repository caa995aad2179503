/**
 * Empties a volume before its engine removes it. While Docker removes one, nobody else gets at its volumes: no job begins, and none ends.
 * And it goes down level by level, with a descriptor and memory for each: a job makes a hundred thousand levels in a moment, by joining
 * what was flat enough when it was measured, and a volume that is deeper than the engine may open files stays for ever. Here others go
 * on meanwhile, and what lies deep is moved to the top first; all by descriptors, and never through a link.
 */
import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { open, opendir, rename, rmdir, unlink, type FileHandle } from 'node:fs/promises';
import { systemCode } from '@capstan/shared/contract/errors';

/** Folders around a folder before it is moved. Each level holds a descriptor. */
const MAX_LEVELS = 100;
/** Few: the threads that remove them serve all else, too. */
const AT_ONCE = 16;
const FOLDER = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;
/** It went by itself, or is another thing by now: the engine removes what is left. */
const CHANGED: readonly (string | undefined)[] = ['ENOENT', 'ENOTDIR', 'EISDIR', 'ELOOP', 'ENOTEMPTY'];

/** Resolves to whether it got to the end; a folder that is not to be seen or written from here is left to the engine as it is. */
export async function emptyOut(path: string, signal: AbortSignal): Promise<boolean> {
  try {
    await using root = await open(path, FOLDER);
    const moved: Buffer[] = [];
    await clear(root, { root, level: 1, moved }, signal);
    // What was moved may be as deep again.
    for (let name = moved.pop(); name !== undefined; name = moved.pop()) {
      await clearIn(root, name, { root, level: 1, moved }, signal);
    }
    return true;
  } catch (error) {
    if (signal.aborted || systemCode(error) !== undefined) return false;
    throw error;
  }
}

interface Clearing {
  readonly root: FileHandle;
  readonly level: number;
  /** Names at the top of what was moved there. */
  readonly moved: Buffer[];
}

async function clear(folder: FileHandle, clearing: Clearing, signal: AbortSignal): Promise<void> {
  const { root, level, moved } = clearing;
  let files: Buffer[] = [];
  const removeFiles = async () => {
    const some = files;
    files = [];
    await Promise.all(some.map((name) => unlessChanged(unlink(pathIn(folder, name)))));
  };
  const entries = await opendir(pathIn(folder).toString(), { encoding: 'buffer' as BufferEncoding });
  for await (const entry of entries) {
    signal.throwIfAborted();
    const name = entry.name as unknown as Buffer;
    if (!entry.isDirectory()) {
      files.push(name);
      if (files.length >= AT_ONCE) await removeFiles();
    } else if (level > MAX_LEVELS) {
      const at = Buffer.from(`moved-${randomBytes(8).toString('hex')}`);
      await unlessChanged(rename(pathIn(folder, name), pathIn(root, at)));
      moved.push(at);
    } else await clearIn(folder, name, clearing, signal);
  }
  await removeFiles();
}

async function clearIn(folder: FileHandle, name: Buffer, clearing: Clearing, signal: AbortSignal): Promise<void> {
  {
    await using inner = await unlessChanged(open(pathIn(folder, name), FOLDER));
    if (inner) await clear(inner, { ...clearing, level: clearing.level + 1 }, signal);
  }
  await unlessChanged(rmdir(pathIn(folder, name)));
}

const pathIn = (folder: FileHandle, name: Buffer = Buffer.alloc(0)) =>
  Buffer.concat([Buffer.from(`/proc/self/fd/${folder.fd}/`), name]);

async function unlessChanged<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (CHANGED.includes(systemCode(error))) return undefined;
    throw error;
  }
}
