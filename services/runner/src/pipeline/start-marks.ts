/**
 * A note before each start, for the one case in which the engine can't tell: it lost the container. Without it a runner that was
 * restarted could not know that an attempt was used up, and would start the algorithm again as if nothing had been.
 */
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { systemCode } from '@capstan/shared/errors';
import type { Run } from '../results/results.ts';

export interface StartMarks {
  /** The last attempt whose start was tried; 0 if none was. */
  read(run: Run): Promise<number>;
  write(run: Run, attempt: number): Promise<void>;
  clear(run: Run): Promise<void>;
}

export function createStartMarks(dir: string): StartMarks {
  const pathOf = ({ jobId, run }: Run) => join(dir, `${jobId}-${run}`);
  return {
    async read(run) {
      try {
        return Number.parseInt(await readFile(pathOf(run), 'utf8'), 10) || 0;
      } catch (error) {
        if (systemCode(error) === 'ENOENT') return 0;
        throw error;
      }
    },
    async write(run, attempt) {
      await mkdir(dir, { recursive: true });
      await writeFile(pathOf(run), String(attempt));
    },
    clear: (run) => rm(pathOf(run), { force: true }),
  };
}
