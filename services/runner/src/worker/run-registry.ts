/** The runs that this runner has in hand, by job: what is known of each, and who waits for a change. */
import type { Amounts } from '@capstan/shared/contract/amounts';
import type { Message } from '@capstan/shared/bus/consume';
import type { EnvironmentId, JobId } from '@capstan/shared/contract/ids';
import type { StartCommand } from '@capstan/shared/contract/messages';
import type { Occupant } from '../environments/capacity.ts';
import type { Control } from '../pipeline/control.ts';

export interface RunEntry {
  readonly jobId: JobId;
  readonly run: number;
  readonly environment: EnvironmentId;
  readonly control: Control;
  /** What it takes of its environment. */
  readonly need: Amounts;
  /** Leased to it, from its beginning to its end. */
  gpus: readonly string[];
  /** Absent for a run that was found after a restart, until its command is delivered again. */
  command: StartCommand | undefined;
  /** Every delivery of its command: all of them are kept alive, and acked in the end. */
  messages: Message[];
  /** Commands for a later run of the same job. */
  successors: Message[];
  /** The attempt that was started here last, or is about to be. */
  attempt: number | undefined;
  /** Attempts that other runners have used up. */
  attemptsElsewhere: number;
  state: Occupant['state'];
  /** It was in hand each time that the runner died: nothing else is at work beside it. */
  isAlone: boolean;
  /** Something is done for it: while its algorithm runs, nothing is. */
  isAtWork: boolean;
  /** Its algorithm is started: nobody but this runner can go on with it. */
  isStarted: boolean;
}

/** Whether a run may be at work beside those that are; if it goes alone, beside nobody. An algorithm that runs is no work of the runner's. */
export const mayJoin = (work: RunEntry, all: readonly RunEntry[]): boolean =>
  all.every((other) => other === work || !other.isAtWork || !(work.isAlone || other.isAlone));

export interface RunRegistry {
  get(jobId: JobId): RunEntry | undefined;
  all(): readonly RunEntry[];
  occupants(): readonly (Occupant & RunEntry)[];
  add(work: RunEntry): void;
  remove(work: RunEntry): void;
  /** Something about a work changed that others may wait for. */
  changed(): void;
  /** Resolves at the next change, or when the signal aborts. */
  nextChange(signal: AbortSignal): Promise<void>;
}

export function createRunRegistry(): RunRegistry {
  const runs = new Map<JobId, RunEntry>();
  let waiting: (() => void)[] = [];

  const changed = () => {
    const woken = waiting;
    waiting = [];
    for (const wake of woken) wake();
  };

  return {
    get: (jobId) => runs.get(jobId),
    all: () => [...runs.values()],
    occupants: () => [...runs.values()].map((work) => ({ ...work, hasCommand: work.command !== undefined })),
    add(work) {
      runs.set(work.jobId, work);
      changed();
    },
    remove(work) {
      runs.delete(work.jobId);
      changed();
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
