/** The quick part of the tests: it computes more than it waits, and needs neither an engine nor a server. */
import { mkdtemp, rm, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { systemCode } from '@capstan/shared/contract/errors';
import type { TemporaryFolder } from '../parts/temporary-folder.ts';

const QUICK = 'test/unit/';

/** Whether nothing else is among these files. */
export const areQuick = (files: readonly string[]) => files.length > 0 && files.every((file) => file.startsWith(QUICK));

const MEMORY = '/dev/shm';
/** They need a tenth of it. In a container there may be a few megabytes only. */
const ENOUGH_BYTES = 1_000_000_000;

/** A folder that no disk is waited for in, where this machine has room for one. */
export async function folderInMemory(at = MEMORY): Promise<TemporaryFolder | undefined> {
  try {
    const { bavail, bsize } = await statfs(at);
    if (bavail * bsize < ENOUGH_BYTES) return undefined;
    const path = await mkdtemp(join(at, 'capstan-tests-'));
    return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
  } catch (error) {
    if (['ENOENT', 'EACCES', 'EROFS', 'EPERM'].includes(systemCode(error) ?? '')) return undefined;
    throw error;
  }
}
