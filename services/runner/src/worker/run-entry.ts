/**
 * A run that this runner has in hand, as a type for each state that it is in, and the moves between them, PURE.
 *
 *   waiting       its command is held until there is room
 *   found         its algorithm was started by an earlier life of this runner; the worker has not begun with it yet
 *   closing       nothing of it was begun, and nothing shall be: it only has to be told and cleared away
 *   provisioning  from the claim to the start of its algorithm
 *   running       its algorithm was started; for now nothing is done for it
 *   restarting    its algorithm was started and is lost: provisioning, once more
 *   publishing    its algorithm has ended: filter, outputs, cleaning
 */
import type { Message } from '@capstan/shared/bus/consume';
import type { Amounts } from '@capstan/shared/contract/amounts';
import type { EnvironmentId, JobId } from '@capstan/shared/contract/ids';
import type { StartCommand } from '@capstan/shared/contract/messages';
import type { Control } from '../pipeline/control.ts';
import type { Stage } from '../pipeline/run-to-do.ts';

/** The deliveries of a job's commands, as they come. */
export interface Deliveries {
  /** Absent for a run that was found after a restart, until its command is delivered again. */
  command: StartCommand | undefined;
  /** Every delivery of its command: all of them are kept alive, and acked in the end. */
  messages: Message[];
  /** Commands for a later run of the same job. */
  successors: Message[];
}

/** Who has started it, as far as is known. */
export interface Attempts {
  /** The one that was started here last, or is about to be; 0 if none was. */
  here: number;
  /** So many have other runners used up. */
  elsewhere: number;
}

/** Whether something may be done for others beside it. `alone`: it was in hand each time that the runner died. */
export type Company = 'with-others' | 'alone';

/** What holds in every state. */
interface Run {
  readonly jobId: JobId;
  readonly run: number;
  readonly environment: EnvironmentId;
  readonly control: Control;
  /** What it takes of its environment. */
  readonly need: Amounts;
  readonly deliveries: Deliveries;
  readonly attempts: Attempts;
  readonly company: Company;
  /** Leased to it, from its beginning to its end. */
  readonly gpus: readonly string[];
}

export interface WaitingRun extends Run {
  readonly state: 'waiting';
  readonly gpus: readonly [];
}
export interface FoundRun extends Run {
  readonly state: 'found';
}
export interface ClosingRun extends Run {
  readonly state: 'closing';
  readonly gpus: readonly [];
}
export interface ProvisioningRun extends Run {
  readonly state: 'provisioning';
}
export interface RunningRun extends Run {
  readonly state: 'running';
}
export interface RestartingRun extends Run {
  readonly state: 'restarting';
}
export interface PublishingRun extends Run {
  readonly state: 'publishing';
}

/** Something is done for it. While its algorithm runs, nothing is. */
export type RunAtWork = ProvisioningRun | RestartingRun | PublishingRun;
/** The worker has begun with it. */
export type BegunRun = ClosingRun | RunningRun | RunAtWork;
export type RunEntry = WaitingRun | FoundRun | BegunRun;

/** A run whose command has come. */
export const waitingRun = (facts: Omit<WaitingRun, 'state' | 'gpus'>): WaitingRun => ({
  ...facts,
  gpus: [],
  state: 'waiting',
});

/** A run whose containers an earlier life has left. */
export const foundRun = (facts: Omit<FoundRun, 'state'>): FoundRun => ({ ...facts, state: 'found' });

/** It is not wanted any more before anything of it was begun. */
export const closing = (run: WaitingRun): ClosingRun => ({ ...run, state: 'closing' });

/** There is room for it, and GPUs as it needs them. */
export const provisioning = (run: WaitingRun, gpus: readonly string[]): ProvisioningRun => ({
  ...run,
  gpus,
  state: 'provisioning',
});

/** The worker looks after what was found. */
export const watched = (run: FoundRun): RunningRun => ({ ...run, state: 'running' });

/** Its algorithm is started. What its beginning cost counts no more. */
export const running = (run: BegunRun, company: Company): RunningRun => ({ ...run, company, state: 'running' });

/** It is its turn to be at work, before its algorithm is started or after it has ended. */
export function atWork(run: BegunRun, stage: Stage): RunAtWork {
  if (stage === 'after') return { ...run, state: 'publishing' };
  return isStarted(run) ? { ...run, state: 'restarting' } : { ...run, state: 'provisioning' };
}

export const isBegun = (run: RunEntry): run is BegunRun => run.state !== 'waiting' && run.state !== 'found';

export const isAtWork = (run: RunEntry): run is RunAtWork =>
  run.state === 'provisioning' || run.state === 'restarting' || run.state === 'publishing';

/** Nobody but this runner can go on with it. */
export const isStarted = (run: RunEntry): run is FoundRun | RunningRun | RestartingRun | PublishingRun =>
  run.state !== 'waiting' && run.state !== 'closing' && run.state !== 'provisioning';

/** Whether a run may be at work beside those that are; if it goes alone, beside nobody. */
export const mayJoin = (run: Pick<RunEntry, 'jobId' | 'company'>, all: readonly RunEntry[]): boolean =>
  all.every(
    (other) => other.jobId === run.jobId || !isAtWork(other) || (run.company !== 'alone' && other.company !== 'alone'),
  );
