/**
 * Runs that wait because the engine has no room for them: no network, no inode, no space. As with a full disk (decision 0012), nobody's
 * order is used up by it: they try again, and no other job begins meanwhile.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { hasCode, type CapstanError } from '@capstan/shared/contract/errors';
import type { Log } from '@capstan/shared/runtime/log';

export interface EngineRoom {
  /** Repeats `work` for as long as the engine has no room. `undo` frees what a try has taken. */
  waitFor<T>(work: () => Promise<T>, how: Waiting): Promise<T>;
  /** Why no job may begin, in words for its owner; undefined if it may. */
  shortage(): string | undefined;
}

interface Waiting {
  readonly jobId: string;
  readonly undo: () => Promise<void>;
  readonly log: Log;
  /** Of the wait. */
  readonly signal: AbortSignal;
}

interface EngineRoomOptions {
  /** The jobs that have something in the engine, or are about to. */
  readonly inHand: () => readonly string[];
  /** How much is free on the engine's disk; `isFull`: too little for any job, whoever takes it. */
  readonly readDisk: () => Promise<{ readonly freeBytes: number; readonly isFull: boolean }>;
  /** Removes all images that nobody uses; resolves to whether one went. */
  readonly letGo: () => Promise<boolean>;
  readonly onChange: () => void;
}

const FIRST_MS = 1_000;
const LONGEST_MS = 15_000;
const LOOK_MS = 2_000;
/** An engine takes a moment to clear away what did not fit: as long as this its disk may look full because of that. */
const SETTLING_LOOKS = 5;
const SETTLING_MS = 2_000;
/** What did not fit is not fetched again for less. */
const WORTH_A_TRY = 1.1;

export function createEngineRoom({ inHand, readDisk, letGo, onChange }: EngineRoomOptions): EngineRoom {
  /** In the order in which they came. */
  const waiting = new Map<string, string>();

  const note = (error: CapstanError, { jobId, log }: Waiting) => {
    if (!waiting.has(jobId)) {
      log.error(
        { problem: error.message, cause: rootOf(error) },
        'the engine has no room: a job waits, and no other begins',
      );
    }
    const isNews = waiting.size === 0;
    waiting.set(jobId, error.message);
    if (isNews) onChange();
  };

  /** What waits has nothing in the engine. */
  const othersThan = (jobId: string) => inHand().filter((each) => each !== jobId && !waiting.has(each));

  const staysFull = async (signal: AbortSignal) => {
    for (let look = 0; look < SETTLING_LOOKS; look++) {
      if (!(await readDisk()).isFull) return false;
      await waitMs(SETTLING_MS, signal);
    }
    return true;
  };

  /** One after the other, so that none takes another's room, and not before there is more of it than there was. */
  const untilWorthATry = async ({ jobId, signal }: Waiting) => {
    const [before, others] = [await readDisk(), othersThan(jobId)];
    const isWorthIt = async () => {
      if ([...waiting.keys()][0] !== jobId) return false;
      const { freeBytes, isFull } = await readDisk();
      const left = othersThan(jobId);
      return (
        !isFull && (left.length < others.length || left.length === 0 || freeBytes > before.freeBytes * WORTH_A_TRY)
      );
    };
    do await waitMs(LOOK_MS, signal);
    while (!(await isWorthIt()));
  };

  return {
    async waitFor(work, how) {
      const { jobId, undo, signal } = how;
      // Once a wait: what the job itself has pulled is among what nobody uses then, and comes back with the next try.
      let mayLetGo = true;
      try {
        for (let delayMs = FIRST_MS; ; delayMs = Math.min(LONGEST_MS, delayMs * 2)) {
          const hadAll = othersThan(jobId).length === 0;
          try {
            return await work();
          } catch (error) {
            if (!hasCode(error, 'ENGINE_FULL', 'DISK_FILLED')) throw error;
            await undo();
            const isFilled = error.code === 'DISK_FILLED';
            if (isFilled && mayLetGo) {
              mayLetGo = false;
              if (await letGo()) continue;
            }
            // It had the disk for itself, and nobody else fills that: to wait would help nobody.
            if (isFilled && hadAll && othersThan(jobId).length === 0 && !(await staysFull(signal))) throw error.cause;
            note(error, how);
            await (isFilled ? untilWorthATry(how) : waitMs(delayMs, signal));
            mayLetGo = true;
          }
        }
      } finally {
        if (waiting.delete(jobId) && waiting.size === 0) onChange();
      }
    },
    shortage: () => [...waiting.values()][0],
  };
}

/** The engine's own words. */
const rootOf = (error: Error): string => (error.cause instanceof Error ? rootOf(error.cause) : error.message);

async function waitMs(delayMs: number, signal: AbortSignal): Promise<void> {
  await pause(delayMs, undefined, { signal }).catch(() => signal.throwIfAborted());
}
