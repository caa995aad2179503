/**
 * What the engine would not let go when a run had ended: a volume that a backup tool has mounted, or that somebody else's container
 * names. The run does not wait for it: its ending is told and its place is free. The reaper tries again, and an operator is told.
 */
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { systemCode } from '@capstan/shared/contract/errors';
import type { Log } from '@capstan/shared/runtime/log';
import type { Run } from '../results/results.ts';

export interface Uncleared {
  /** Whether a run is over and only has to be cleared away, whatever is found of it. Outlives the process. */
  isOver(run: Run): Promise<boolean>;
  /** `isOver`: nothing will ever go on with it. */
  note(run: Run, what: { readonly problem: string; readonly isOver: boolean }): Promise<void>;
  /** It is cleared away, or begins anew. */
  forget(run: Run): Promise<void>;
  /** Names of all runs that are over and only have to be cleared away. */
  over(): Promise<readonly string[]>;
  /** How many runs have left something since the last time that all was well. */
  count(): number;
}

/** Of a run, as `over` has it. */
export const runName = ({ jobId, run }: Run): string => `${jobId}-${run}`;

export function createUncleared(dir: string, log: Log): Uncleared {
  const known = new Set<string>();
  const notes = async (): Promise<readonly string[]> => {
    try {
      return await readdir(dir);
    } catch (error) {
      if (systemCode(error) === 'ENOENT') return [];
      throw error;
    }
  };
  return {
    isOver: async (run) => (await notes()).includes(runName(run)),
    async note(run, { problem, isOver }) {
      if (isOver) {
        await mkdir(dir, { recursive: true, mode: 0o700 });
        await writeFile(join(dir, runName(run)), '', { mode: 0o600 });
      }
      if (known.has(runName(run))) return;
      known.add(runName(run));
      log.error(
        { ...run, problem },
        'the engine does not let go what a run has left: somebody must act; it is tried again regularly',
      );
    },
    async forget(run) {
      await rm(join(dir, runName(run)), { force: true });
      if (known.delete(runName(run))) log.info({ ...run }, 'what a run had left is cleared away');
    },
    over: notes,
    count: () => known.size,
  };
}

/** For the operator, by the gateway's health: which things they are, the log names. */
export const troublesOf = (uncleared: number): readonly string[] =>
  uncleared === 0
    ? []
    : [
        `The container engine does not let go what ${uncleared} ended ${uncleared === 1 ? 'run has' : 'runs have'} left. Somebody must act: the log of the runner says which and why.`,
      ];
