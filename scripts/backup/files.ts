/** Small things that making a backup and bringing it back have in common. */
import { open, stat } from 'node:fs/promises';
import { systemCode } from '@capstan/shared/contract/errors';

/** Part of a folder's name: when it was made, to the millisecond. */
export const stamp = (now: Date) => now.toISOString().replaceAll(/[:.]/g, '-');

export async function isThere(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return false;
    throw error;
  }
}

/** Resolves when a file or folder is on the disk itself. */
export async function sync(path: string): Promise<void> {
  await using handle = await open(path, 'r');
  await handle.sync();
}
