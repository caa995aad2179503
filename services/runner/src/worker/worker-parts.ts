/** What the worker is made of. */
import type { Heard } from '@capstan/shared/bus/bucket';
import type { Bus } from '@capstan/shared/bus/connect';
import type { JobId } from '@capstan/shared/contract/ids';
import type { Desired, StartCommand } from '@capstan/shared/contract/messages';
import type { Log } from '@capstan/shared/runtime/log';
import type { Offer } from '../environments/capacity.ts';
import type { Refusal } from './command.ts';
import type { RunResult, RunToDo, Stage } from '../pipeline/run-to-do.ts';
import type { Readers } from './reading.ts';
import type { Standing } from './start-ownership.ts';
import type { Company, RunEntry } from './run-entry.ts';
import type { RunRegistry } from './run-registry.ts';

export interface WorkerParts {
  readonly bus: Bus;
  readonly runs: RunRegistry;
  /** What this runner's environments have. */
  readonly offers: readonly Offer[];
  readonly run: (todo: RunToDo, signal: AbortSignal) => Promise<RunResult>;
  /** Ends a run whose command can't be carried out at all. */
  readonly refuse: (refusal: Refusal) => void;
  /** Resolves when NATS has all events of a job. */
  readonly told: (run: Pick<RunEntry, 'jobId'>, signal: AbortSignal) => Promise<void>;
  /** The ending of a refused run is told, and nothing of its job is in hand: nobody will ask for its events. */
  readonly onRefused: (jobId: JobId) => void;
  /** Whether any may begin that did not begin yet. */
  readonly mayBegin: () => boolean;
  /** Whether a run must be at work alone. */
  readonly companyOf: (run: Pick<RunEntry, 'jobId' | 'run'>, stage: Stage) => Company;
  /** Reads a command, if that has not killed the runner again and again. */
  readonly reading: (body: unknown, readers: Readers) => Promise<void>;
  /** Whether a run may be begun here, or another runner is at it. */
  readonly standing: (command: StartCommand, signal: AbortSignal) => Promise<Standing>;
  /** What the gateway says of a job, whoever has it in hand. */
  readonly hearDesired: (jobId: JobId, desired: Desired, heard: Heard) => void;
  readonly onBegin: (entry: RunEntry) => void;
  /** A job that this runner has not in hand was deleted. Told of each at every start, too. */
  readonly onDeleted: (jobId: JobId) => void;
  /** It is not in the run registry any more. */
  readonly onLeave: (last: RunEntry) => void;
  readonly log: Log;
}
