/** The names in a folder; none where there is no such folder. */
import { readdir } from 'node:fs/promises';
import { systemCode } from '../contract/errors.ts';

export async function namesIn(dir: string): Promise<readonly string[]> {
  try {
    return await readdir(dir);
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return [];
    throw error;
  }
}
