/** Drafts of results that nobody will finish: a runner died over them, and their run ended elsewhere. */
import { lstat, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { JobId } from '@capstan/shared/contract/ids';
import { parseJobId } from '@capstan/shared/contract/ids';
import { systemCode } from '@capstan/shared/contract/errors';
import type { Run } from './results.ts';

const DRAFT = /^\.(\d+)-[0-9a-f]{12}$/;
/** Other runners may keep their results in the same folder. */
const GRACE_MS = 3_600_000;

interface Sweep {
  /** Whether somebody works on it. */
  readonly isAtWork: (run: Run) => boolean;
  /** Unix milliseconds. */
  readonly now: number;
}

/** Resolves to how many were removed. */
export async function removeStaleDrafts(dir: string, sweep: Sweep): Promise<number> {
  let removed = 0;
  for (const name of await names(dir)) {
    const jobId = parseJobId(name);
    if (jobId) removed += await removeOf(jobId, join(dir, name), sweep);
  }
  return removed;
}

async function removeOf(jobId: JobId, jobDir: string, { isAtWork, now }: Sweep): Promise<number> {
  // A link leads to a folder that is not ours.
  if (!(await lstat(jobDir)).isDirectory()) return 0;
  let removed = 0;
  for (const name of await names(jobDir)) {
    const run = Number(DRAFT.exec(name)?.[1]);
    if (!(run > 0) || isAtWork({ jobId, run })) continue;
    const path = join(jobDir, name);
    const { mtimeMs } = await lstat(path);
    if (now - mtimeMs < GRACE_MS) continue;
    await rm(path, { recursive: true, force: true });
    removed += 1;
  }
  return removed;
}

async function names(dir: string): Promise<readonly string[]> {
  try {
    return await readdir(dir);
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(systemCode(error) ?? '')) return [];
    throw error;
  }
}
