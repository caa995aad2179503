/** What is the node's alone on a machine that others use, too: looked at when a service starts, and set right where it is not. */
import { chmod, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf, systemCode } from '../contract/errors.ts';
import type { Log } from './log.ts';

export interface Private {
  /** Each with the folders and files right below it; what lies deeper nobody reaches. */
  readonly folders: readonly string[];
  /** Keys. */
  readonly files: readonly string[];
}

const OF_OTHERS = 0o077;

export async function keepPrivate({ folders, files }: Private, log: Log): Promise<void> {
  for (const folder of folders) {
    await close(folder, log);
    for (const name of await readableIn(folder)) await close(join(folder, name), log);
  }
  for (const file of files) await close(file, log);
}

async function close(path: string, log: Log): Promise<void> {
  try {
    const info = await stat(path);
    if ((info.mode & OF_OTHERS) === 0) return;
    await chmod(path, info.isDirectory() ? 0o700 : 0o600);
    log.warn({ path, was: (info.mode & 0o777).toString(8) }, 'others could read this; now only the node can');
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return;
    log.error(
      { path, problem: messageOf(error) },
      'others may read this, and it can not be changed: chmod it to the owner alone',
    );
  }
}

/** None where it is not there, or cannot be read. */
async function readableIn(folder: string): Promise<readonly string[]> {
  try {
    return await readdir(folder);
  } catch {
    return [];
  }
}
