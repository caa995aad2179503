/**
 * The open files of a container's processes, read bit by bit: a job may have millions of them, and whoever lists them all runs out of
 * memory. Threads mostly share the table of their process, but need not: one may have its own, and outlive the first thread.
 */
import { opendir, readdir, readFile, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { systemCode } from '@capstan/shared/contract/errors';

export const AT_ONCE = 64;
/** Open files by which two tables are compared. */
const SAMPLES = 4;
/** The first of a table, of which these are chosen. */
const COMPARED = 256;
/** A file may be opened between two looks at one table. */
const TRIES = 3;
/** No such process any more, no such file, or not ours to look at. */
const GONE = new Set(['ENOENT', 'ESRCH', 'EACCES', 'EPERM', 'ENOTDIR', 'EINVAL']);

/** Paths of open files, in parts, which may be empty. Each may be the last that is asked for. */
export async function* openFilesOf(proc: string, containerId: string): AsyncGenerator<readonly string[]> {
  for (const pid of await processesOf(proc, containerId)) {
    for await (const table of tablesOf(join(proc, pid, 'task'))) {
      if (table === undefined) yield [];
      else yield* linksIn(table);
    }
  }
}

/** A container's processes are in a group that is called by its id, whatever they do. */
async function processesOf(proc: string, containerId: string): Promise<readonly string[]> {
  const pids = (await readdir(proc)).filter((name) => /^\d+$/.test(name));
  const isIts = await inParts(pids, async (pid) =>
    (await unlessGone(readFile(join(proc, pid, 'cgroup'), 'utf8'), '')).includes(containerId),
  );
  return pids.filter((_pid, index) => isIts[index]);
}

/** That of the first thread that has one, and those of others that are seen to differ. Undefined for each that is the same. */
async function* tablesOf(tasks: string): AsyncGenerator<string | undefined> {
  let first: { readonly folder: string; readonly names: readonly string[] } | undefined;
  for (const task of await unlessGone(readdir(tasks), [])) {
    const folder = join(tasks, task, 'fd');
    if (first) {
      yield (await isSame(first, folder)) ? undefined : folder;
      continue;
    }
    // A thread that has ended, and waits for the others, has none.
    const names = await firstNamesIn(folder);
    if (names.length === 0) continue;
    first = { folder, names };
    yield folder;
  }
}

/** Which are compared are others each time: whoever knew them could make two tables look the same. */
async function isSame(first: { folder: string; names: readonly string[] }, folder: string): Promise<boolean> {
  for (let attempt = 0; attempt < TRIES; attempt += 1) {
    const one = Math.floor(Math.random() * first.names.length);
    const names = [...first.names.slice(one), ...first.names.slice(0, one)].slice(0, SAMPLES);
    const agree = await Promise.all([
      areEqual(countIn(first.folder), countIn(folder)),
      ...names.map((name) => areEqual(whatIs(join(first.folder, name)), whatIs(join(folder, name)))),
    ]);
    if (agree.every(Boolean)) return true;
  }
  return false;
}

async function areEqual<T>(one: Promise<T>, other: Promise<T>): Promise<boolean> {
  const [first, second] = await Promise.all([one, other]);
  return first === second;
}

async function countIn(folder: string): Promise<number> {
  const found = await unlessGone(stat(folder), undefined);
  // Kernels before 6.2 say 0 of each.
  return found === undefined || found.size > 0 ? (found?.size ?? 0) : (await firstNamesIn(folder)).length;
}

async function firstNamesIn(folder: string): Promise<readonly string[]> {
  const names: string[] = [];
  for await (const links of linksIn(folder)) {
    names.push(...links.map((link) => basename(link)));
    if (names.length >= COMPARED) break;
  }
  return names;
}

async function whatIs(link: string): Promise<string> {
  const found = await unlessGone(stat(link), undefined);
  return found ? `${found.dev}:${found.ino}` : '';
}

async function* linksIn(folder: string): AsyncGenerator<readonly string[]> {
  try {
    let part: string[] = [];
    for await (const { name } of await opendir(folder, { bufferSize: AT_ONCE })) {
      part.push(join(folder, name));
      if (part.length < AT_ONCE) continue;
      yield part;
      part = [];
    }
    if (part.length > 0) yield part;
  } catch (error) {
    if (!GONE.has(systemCode(error) ?? '')) throw error;
  }
}

async function inParts<T, R>(all: readonly T[], work: (one: T) => Promise<R>): Promise<R[]> {
  const done: R[] = [];
  for (let at = 0; at < all.length; at += AT_ONCE) {
    done.push(...(await Promise.all(all.slice(at, at + AT_ONCE).map(work))));
  }
  return done;
}

export async function unlessGone<T>(looking: Promise<T>, otherwise: T): Promise<T> {
  try {
    return await looking;
  } catch (error) {
    if (GONE.has(systemCode(error) ?? '')) return otherwise;
    throw error;
  }
}
