/**
 * Whether a volume holds so little that its engine removes it in a moment. To empty it out from here (`empty-out.ts`) takes several times as
 * long, which only pays where others would have to wait for the engine meanwhile.
 */
import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { systemCode } from '@capstan/shared/contract/errors';

const MAX_ENTRIES = 64;
const MAX_BYTES = 16_000_000;
const MAX_DEPTH = 8;
/** A folder that has never had many names: it is not made smaller when they go. */
const MAX_FOLDER_BYTES = 4_096;

/** A folder that changes meanwhile, or is not to be seen from here, is not called slight. */
export async function isSlight(path: string): Promise<boolean> {
  const left = { entries: MAX_ENTRIES, bytes: MAX_BYTES };
  try {
    return await fits(path, left, 0);
  } catch (error) {
    if (systemCode(error) === undefined) throw error;
    return false;
  }
}

async function fits(path: string, left: { entries: number; bytes: number }, depth: number): Promise<boolean> {
  const stats = await lstat(path);
  left.entries -= 1;
  if (left.entries < 0) return false;
  if (!stats.isDirectory()) {
    left.bytes -= stats.size;
    return left.bytes >= 0;
  }
  if (stats.size > MAX_FOLDER_BYTES || depth > MAX_DEPTH) return false;
  // A name that is no UTF-8 is not found again.
  const names = await readdir(path);
  if (names.length > left.entries) return false;
  const inside = await Promise.all(names.map((name) => fits(join(path, name), left, depth + 1)));
  return inside.every(Boolean);
}
