/** Keeps a part of the node running: starts it, and starts it again when it dies, until it is stopped. */
import { setTimeout as wait } from 'node:timers/promises';
import { messageOf } from '@capstan/shared/contract/errors';
import type { Service } from '@capstan/shared/runtime/service';
import type { Program } from '../parts/program.ts';

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 30_000;
/** Who ran this long was well: the next death is a new story. */
const WELL_MS = 60_000;

interface Supervised {
  readonly name: string;
  /** Starts the part and resolves once it works. */
  readonly start: () => Promise<Program>;
  readonly warn: (text: string) => void;
}

/** The first start must succeed: who can't start at all is misconfigured, and trying again won't help. */
export function supervise({ name, start, warn }: Supervised): Service {
  const stopping = new AbortController();
  let watching: Promise<void> = Promise.resolve();
  let program: Program | undefined;

  const restart = async (waitMs: number): Promise<Program> => {
    await wait(waitMs, undefined, { signal: stopping.signal });
    try {
      return await start();
    } catch (error) {
      stopping.signal.throwIfAborted();
      const nextMs = longer(waitMs);
      warn(`${name} did not start again, next try in ${nextMs / 1000} s: ${messageOf(error)}`);
      return restart(nextMs);
    }
  };

  const watch = async (): Promise<void> => {
    let nextWaitMs = FIRST_WAIT_MS;
    while (program !== undefined) {
      const startedAt = performance.now();
      const { code, signal } = await program.exited;
      if (stopping.signal.aborted) return;
      const waitMs = performance.now() - startedAt > WELL_MS ? FIRST_WAIT_MS : nextWaitMs;
      nextWaitMs = longer(waitMs);
      warn(`${name} ended (${signal ?? `exit code ${code}`}), starting it again in ${waitMs / 1000} s`);
      program = await restart(waitMs);
      warn(`${name} is back`);
    }
  };

  return {
    name,
    async start() {
      program = await start();
      watching = watch().catch((error: unknown) => {
        if (!stopping.signal.aborted) throw error;
      });
    },
    async stop() {
      stopping.abort();
      await program?.stop();
      await watching;
      // It may have come back at the very moment.
      await program?.stop();
    },
  };
}

const longer = (waitMs: number) => Math.min(2 * waitMs, LONGEST_WAIT_MS);
