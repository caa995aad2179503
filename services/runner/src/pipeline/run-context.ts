/** What everything that is done for one run is given. */
import type { FilterConfig } from '@capstan/shared/config/filter';
import type { Config } from '@capstan/shared/config/schema';
import type { EnvironmentId } from '@capstan/shared/contract/ids';
import { jobEvent, type JobEvent } from '@capstan/shared/contract/messages';
import type { Progress } from '@capstan/shared/contract/progress';
import type { StatusCode } from '@capstan/shared/contract/status';
import type { Log } from '@capstan/shared/runtime/log';
import type { Engine } from '../docker/engine.ts';
import type { AttemptIdentity, RunnerIdentity, Terms } from '../docker/names.ts';
import type { JobLimits } from '../environments/limits.ts';
import { createMeters } from '../reporting/progress.ts';
import type { Attempt } from './attempt.ts';
import type { StepParts } from './attempt-context.ts';
import type { RunToDo } from './run-to-do.ts';
import type { Uncleared } from './uncleared.ts';

export interface PipelineParts extends StepParts {
  readonly engine: Engine;
  readonly owner: RunnerIdentity;
  readonly uncleared: Uncleared;
  /** Hears of each run that has ended and is cleared away. */
  readonly onCleared: (run: Pick<AttemptIdentity, 'jobId' | 'run'>) => void;
  readonly settings: Config['runner'];
  readonly limitsOf: (environment: EnvironmentId) => JobLimits;
  readonly filterOf: (environment: EnvironmentId) => FilterConfig | undefined;
  /** Takes an event; it will arrive, after the ones before it. */
  readonly emit: (event: JobEvent) => void;
  /** Tells whoever listens just now. */
  readonly tellProgress: (progress: Progress) => void;
  readonly log: Log;
}

export interface RunContext {
  readonly todo: RunToDo;
  readonly parts: PipelineParts;
  /** The environment's, until it is settled what the job gets. */
  readonly limits: JobLimits;
  readonly terms: Terms;
  readonly signal: AbortSignal;
}

/** The run under terms that are settled. */
export function withTerms(context: RunContext, terms: Terms): RunContext {
  return { ...context, terms, limits: { ...context.limits, ...terms.grant } };
}

/** Tells a status of one of its attempts. */
export function emit(
  { todo, parts }: RunContext,
  attempt: number,
  code: StatusCode,
  details: JobEvent['details'] = {},
  at = parts.clock.now(),
): void {
  parts.emit(jobEvent({ jobId: todo.jobId, run: todo.run, attempt, code, at, details }));
}

/** One of its attempts. */
export function attemptOf(context: RunContext, attempt: number): Attempt {
  const { owner, engine, settings, clock, tellProgress, log } = context.parts;
  const { jobId, run, environment } = context.todo;
  const identity: AttemptIdentity = { runnerId: owner.id, environment, jobId, run, attempt, ...context.terms };
  const openMeter = createMeters({ identity, clock, tell: tellProgress });
  const filter = context.parts.filterOf(identity.environment);
  return { identity, limits: context.limits, filter, engine, settings, openMeter, log: log.child({ attempt }) };
}
