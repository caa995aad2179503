/**
 * A note before each start, for the one case in which the engine can't tell: it lost the container. Without it a runner that was
 * restarted could not know that an attempt was used up, and would start the algorithm again as if nothing had been. And a note of how
 * an attempt ended, for the time in which its results are published: an engine that is restarted meanwhile can't vouch for it any more.
 * It begins with why the runner is about to end it: one that dies over that would take it for the algorithm's own doing.
 *
 * What says that an attempt is used up is on the disk before the start is made, whole and under its name: a machine that loses its power
 * right after that would begin the same attempt again. How an attempt ended is not waited for: to lose it costs an attempt at most.
 */
import { access, mkdir, open, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { systemCode } from '@capstan/shared/contract/errors';
import { parseJson } from '@capstan/shared/runtime/json';
import type { Run } from '../results/results.ts';
import { sync } from '../results/runs.ts';
import type { Cause, Outcome } from './ending.ts';

export interface StartMarks {
  /** The last attempt whose start was tried; 0 if none was. */
  read(run: Run): Promise<number>;
  write(run: Run, attempt: number): Promise<void>;
  /** How an attempt ended, if that was noted. */
  readEnd(run: Run, attempt: number): Promise<Outcome | undefined>;
  writeEnd(run: Run, attempt: number, end: Outcome): Promise<void>;
  /** Why it was about to be ended, if that was noted and how it ended was not. */
  readCause(run: Run, attempt: number): Promise<Cause | undefined>;
  writeCause(run: Run, attempt: number, cause: Cause): Promise<void>;
  clear(run: Run): Promise<void>;
  /** Whether other runners may take over what this one has started, as it promised on NATS before. */
  readShared(): Promise<boolean>;
  writeShared(isShared: boolean): Promise<void>;
}

interface Noted {
  readonly attempt: number;
  readonly end?: Outcome;
  readonly cause?: Cause;
}

/** Infinity is no JSON: what could not be measured is left out. */
function measured<T extends Cause>(end: T): T {
  const { used, ...rest } = end;
  return Object.values(used ?? {}).every((one) => typeof one !== 'number' || Number.isFinite(one)) ? end : (rest as T);
}

/** It becomes the note when it is whole. */
const draftOf = (path: string) => `${path}.new`;

export function createStartMarks(dir: string): StartMarks {
  const pathOf = ({ jobId, run }: Run) => join(dir, `${jobId}-${run}`);
  const shared = join(dir, 'shared');
  const endOf = (run: Run) => `${pathOf(run)}.end`;
  /** The folder is there but for the first time, and for whoever has cleared away too much. */
  const inFolder = async (work: () => Promise<void>) => {
    try {
      await work();
    } catch (error) {
      if (systemCode(error) !== 'ENOENT') throw error;
      await mkdir(dir, { recursive: true, mode: 0o700 });
      await work();
    }
  };
  const keepThere = async (path: string, text: string) => {
    {
      await using draft = await open(draftOf(path), 'w', 0o600);
      await draft.writeFile(text);
      await draft.sync();
    }
    await rename(draftOf(path), path);
    await sync(dir);
  };
  /** Resolves once it is on the disk. */
  const keep = (path: string, text: string) => inFolder(() => keepThere(path, text));
  const noted = async (run: Run, attempt: number): Promise<Noted | undefined> => {
    const text = await readFile(endOf(run), 'utf8').catch((error: unknown) => {
      if (systemCode(error) === 'ENOENT') return '';
      throw error;
    });
    // One that was torn says nothing.
    const found = parseJson(text) as Noted | undefined;
    return found?.attempt === attempt ? found : undefined;
  };
  const note = (run: Run, found: Noted) =>
    inFolder(() => writeFile(endOf(run), JSON.stringify(found), { mode: 0o600 }));
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
      await keep(pathOf(run), String(attempt));
    },
    readEnd: async (run, attempt) => (await noted(run, attempt))?.end,
    writeEnd: (run, attempt, end) => note(run, { attempt, end: measured(end) }),
    readCause: async (run, attempt) => (await noted(run, attempt))?.cause,
    writeCause: (run, attempt, cause) => note(run, { attempt, cause: measured(cause) }),
    async clear(run) {
      await rm(pathOf(run), { force: true });
      await rm(draftOf(pathOf(run)), { force: true });
      await rm(endOf(run), { force: true });
    },
    async readShared() {
      try {
        await access(shared);
        return true;
      } catch (error) {
        if (systemCode(error) === 'ENOENT') return false;
        throw error;
      }
    },
    async writeShared(isShared) {
      if (!isShared) return rm(shared, { force: true });
      await keep(shared, '');
    },
  };
}
