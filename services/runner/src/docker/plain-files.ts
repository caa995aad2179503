/**
 * Small and plain trees of a folder on this machine, read and written by descriptors, never through a link. What is anything else, or more,
 * is not for here: whoever asks has another way. Whoever left what is read may still be there and change it, so each file is judged by what
 * was opened.
 */
import { constants } from 'node:fs';
import { lchown, mkdir, open, readdir, readFile as readText, symlink, unlink, type FileHandle } from 'node:fs/promises';
import { systemCode } from '@capstan/shared/contract/errors';

export type PlainEntry =
  | { readonly kind: 'folder'; readonly path: readonly string[]; readonly mode: number; readonly uid: number }
  | {
      readonly kind: 'file';
      readonly path: readonly string[];
      readonly mode: number;
      readonly uid: number;
      readonly bytes: Buffer;
    };

/** For writing. */
export type NewEntry =
  | PlainEntry
  | { readonly kind: 'link'; readonly path: readonly string[]; readonly target: string; readonly uid: number };

/** What may still be read. */
export interface PlainRoom {
  bytes: number;
  entries: number;
}

const FOLDER = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;
/** A named pipe is waited for by nobody. */
const FILE = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
const NEW_FILE = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
const MAX_DEPTH = 30;
/** Of a folder with a few hundred names, on file systems whose folders grow with them. */
const MAX_FOLDER_BYTES = 65_536;
const UTF8 = new TextDecoder('utf-8', { fatal: true });
const MODE_BITS = 0o7777;

/**
 * All of it in the order in which engines put it into archives: folders before what is in them, names by their bytes. Undefined where it is
 * more than `room`, or has anything but folders and files with one name.
 */
export async function readPlain(path: string, room: PlainRoom): Promise<readonly PlainEntry[] | undefined> {
  await using folder = await openFolder(path);
  const found: PlainEntry[] = [];
  return folder && (await read(folder, { path: [], found, room })) ? found : undefined;
}

interface Reading {
  readonly path: readonly string[];
  readonly found: PlainEntry[];
  readonly room: PlainRoom;
}

async function read(folder: FileHandle, { path, found, room }: Reading): Promise<boolean> {
  if (path.length > MAX_DEPTH) return false;
  const { mode, uid, size } = await folder.stat();
  // By its own size, before all of its names are read at once.
  if (size > MAX_FOLDER_BYTES) return false;
  found.push({ kind: 'folder', path, mode: mode & MODE_BITS, uid });
  const entries = await readdir(at(folder), { withFileTypes: true, encoding: 'buffer' });
  room.entries -= entries.length;
  if (room.entries < 0 || !entries.every((entry) => entry.isFile() || entry.isDirectory())) return false;
  for (const entry of entries.toSorted((one, other) => Buffer.compare(one.name, other.name))) {
    const name = textOf(entry.name);
    if (name === undefined) return false;
    const inside = [...path, name];
    if (entry.isDirectory()) {
      await using inner = await openFolder(at(folder, name));
      if (!inner || !(await read(inner, { path: inside, found, room }))) return false;
    } else {
      const file = await readFile(at(folder, name), room);
      if (!file) return false;
      found.push({ kind: 'file', path: inside, ...file });
    }
  }
  return true;
}

async function readFile(path: string, room: PlainRoom) {
  await using file = await open(path, FILE);
  const stats = await file.stat();
  if (!stats.isFile() || stats.nlink !== 1 || stats.size > room.bytes) return undefined;
  const bytes = Buffer.alloc(stats.size);
  let filled = 0;
  while (filled < bytes.length) {
    const { bytesRead } = await file.read(bytes, filled);
    if (bytesRead === 0) return undefined;
    filled += bytesRead;
  }
  room.bytes -= bytes.length;
  return { bytes, mode: stats.mode & MODE_BITS, uid: stats.uid };
}

/**
 * Puts entries into a folder that holds nothing of a stranger's doing but files of an image. Folders come before what is in them; a path
 * without parts is the folder itself. `mask`: see `readMask`. What is there under a name, a folder aside, is replaced. Undefined, with some of it written, where
 * something is in the way.
 */
export async function writePlain(
  path: string,
  entries: readonly NewEntry[],
  mask: number,
): Promise<'written' | undefined> {
  await using opened = new AsyncDisposableStack();
  const folders = new Map<string, FileHandle>();
  const folderAt = async (parts: readonly string[]): Promise<FileHandle | undefined> => {
    const key = parts.join('/');
    const known = folders.get(key);
    if (known) return known;
    const [name, above] = [parts.at(-1), parts.slice(0, -1)];
    const holder = name === undefined ? undefined : await folderAt(above);
    if (name !== undefined && !holder) return undefined;
    const folder = await openFolder(name === undefined || !holder ? path : at(holder, name));
    if (folder) folders.set(key, opened.use(folder));
    return folder;
  };
  const root = await folderAt([]);
  const own = entries.find((entry) => entry.path.length === 0);
  // Another's than root's: an engine that counts its users from elsewhere.
  if (!root || ![0, own?.uid].includes((await root.stat()).uid)) return undefined;
  for (const entry of entries) {
    const name = entry.path.at(-1);
    const holder = name === undefined ? undefined : await folderAt(entry.path.slice(0, -1));
    if (entry.kind !== 'folder') {
      if (!holder || name === undefined) return undefined;
      await replace(at(holder, name), entry, mask);
      continue;
    }
    if (name !== undefined && !holder) return undefined;
    const isNew = holder !== undefined && name !== undefined && (await isMade(at(holder, name), entry.mode));
    if (isNew && isAsMade(entry, mask)) continue;
    const folder = await folderAt(entry.path);
    if (!folder) return undefined;
    await give(folder, entry);
  }
  return 'written';
}

type NewFile = Exclude<NewEntry, { kind: 'folder' }>;

async function replace(path: string, entry: NewFile, mask: number): Promise<void> {
  try {
    await put(path, entry, mask);
  } catch (error) {
    if (systemCode(error) !== 'EEXIST') throw error;
    await unlink(path);
    await put(path, entry, mask);
  }
}

async function put(path: string, entry: NewFile, mask: number): Promise<void> {
  if (entry.kind === 'link') {
    await symlink(entry.target, path);
    await lchown(path, entry.uid, entry.uid);
    return;
  }
  await using file = await open(path, NEW_FILE, entry.mode);
  if (entry.bytes.length > 0) await file.writeFile(entry.bytes);
  if (!isAsMade(entry, mask)) await give(file, entry);
}

interface Rights {
  readonly mode: number;
  readonly uid: number;
}

/** Whether what root makes with these rights has them. The system takes no more than the usual ones at the making. */
const isAsMade = ({ mode, uid }: Rights, mask: number) => uid === 0 && (mode & (mask | ~0o777)) === 0;

async function give(handle: FileHandle, { mode, uid }: Rights): Promise<void> {
  await handle.chown(uid, uid);
  await handle.chmod(mode);
}

/** What the process takes from the rights of all that it makes. Not asked of Node, which changes it for a moment to tell. */
export async function readMask(): Promise<number> {
  const status = await readText('/proc/self/status', 'utf8');
  return Number.parseInt(/^Umask:\s*([0-7]+)$/m.exec(status)?.[1] ?? '777', 8);
}

/** Whether it was not there before. */
async function isMade(path: string, mode: number): Promise<boolean> {
  try {
    await mkdir(path, mode);
    return true;
  } catch (error) {
    if (systemCode(error) !== 'EEXIST') throw error;
    return false;
  }
}

/** Undefined if it is none, or a link to one. */
async function openFolder(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, FOLDER);
  } catch (error) {
    if (systemCode(error) === 'ENOTDIR' || systemCode(error) === 'ELOOP') return undefined;
    throw error;
  }
}

function textOf(name: Buffer): string | undefined {
  try {
    return UTF8.decode(name);
  } catch {
    return undefined;
  }
}

const at = (folder: FileHandle, name = '') => `/proc/self/fd/${folder.fd}/${name}`;
