/** What the pipeline is given of a run, and what becomes of it. */
import type { EnvironmentId, JobId } from '@capstan/shared/contract/ids';
import type { JobSpec } from '@capstan/shared/contract/job';
import type { Control } from './control.ts';

export interface RunToDo {
  readonly jobId: JobId;
  readonly run: number;
  readonly environment: EnvironmentId;
  /** Undefined as long as the runner, having found the run by itself after a restart, has no command for it. */
  readonly spec: () => JobSpec | undefined;
  /** The GPUs that were leased to it. */
  readonly gpus: readonly string[];
  /** The last attempt that its command, or another runner, says was started. */
  readonly lastStart: () => number;
  readonly control: Control;
  /** Resolves when it may be at work, beside others or alone. */
  readonly turn: (stage: Stage, signal: AbortSignal) => Promise<void>;
}

/** Of a run: before its algorithm is started, or after it has ended. */
export type Stage = 'before' | 'after';

/** `needs-command`: what was found can't go on without the job's specification. */
export type RunResult = 'ended' | 'needs-command';
