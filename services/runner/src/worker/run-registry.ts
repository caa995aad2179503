/** The run registry: the runs that this runner has in hand, by job: what each has come to, and who waits for a change. */
import type { JobId } from '@capstan/shared/contract/ids';
import type { Occupant } from '../environments/capacity.ts';
import { isBegun, type RunEntry } from './run-entry.ts';

export interface RunRegistry {
  get(jobId: JobId): RunEntry | undefined;
  all(): readonly RunEntry[];
  /** What each takes of its environment. */
  occupants(): readonly (Occupant & Pick<RunEntry, 'jobId'>)[];
  /** Takes a run in hand. */
  add(entry: RunEntry): void;
  /** It has moved on: what it is now stands in the place of what it was. Wakes nobody. */
  move(entry: RunEntry): void;
  /** Returns what it was in the end. */
  remove(entry: RunEntry): RunEntry;
  /** Something about a run changed that others may wait for. */
  changed(): void;
  /** Resolves at the next change, or when the signal aborts. */
  nextChange(signal: AbortSignal): Promise<void>;
}

export function createRunRegistry(): RunRegistry {
  const entries = new Map<JobId, RunEntry>();
  let waiting: (() => void)[] = [];

  const changed = () => {
    const woken = waiting;
    waiting = [];
    for (const wake of woken) wake();
  };

  return {
    get: (jobId) => entries.get(jobId),
    all: () => [...entries.values()],
    occupants: () => [...entries.values()].map(occupantOf),
    add(entry) {
      entries.set(entry.jobId, entry);
      changed();
    },
    move: (entry) => void entries.set(entry.jobId, entry),
    remove(entry) {
      const last = entries.get(entry.jobId) ?? entry;
      entries.delete(entry.jobId);
      changed();
      return last;
    },
    changed,
    nextChange: (signal) =>
      new Promise((resolve) => {
        if (signal.aborted) return resolve();
        const wake = () => {
          signal.removeEventListener('abort', wake);
          resolve();
        };
        waiting.push(wake);
        signal.addEventListener('abort', wake, { once: true });
      }),
  };
}

const occupantOf = (entry: RunEntry) => {
  const { jobId, environment, need, gpus, deliveries } = entry;
  const state = isBegun(entry) ? 'working' : 'holding';
  return { jobId, environment, need, gpus, state, hasCommand: deliveries.command !== undefined } as const;
};
