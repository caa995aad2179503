/** Carries one run of a job to its end, from wherever it stands: finds out, plans, acts, and plans again when something changed. */
import type { FilterConfig } from '@capstan/shared/config/filter';
import type { Config } from '@capstan/shared/config/schema';
import type { EnvironmentId, JobId } from '@capstan/shared/contract/ids';
import type { JobSpec } from '@capstan/shared/contract/job';
import type { Manifest } from '@capstan/shared/contract/manifest';
import { jobEvent, type JobEvent } from '@capstan/shared/contract/messages';
import type { Progress } from '@capstan/shared/contract/progress';
import { STATUS, type StatusCode } from '@capstan/shared/contract/status';
import { CapstanError, hasCode, messageOf } from '@capstan/shared/errors';
import type { Log } from '@capstan/shared/log';
import type { Engine } from '../docker/engine.ts';
import { insist } from '../docker/insist.ts';
import { termsOf, type AttemptIdentity, type Terms } from '../docker/names.ts';
import { findAttempts, ofRun } from '../docker/reconcile.ts';
import { grantTo, type JobLimits } from '../limits.ts';
import { resultsOf } from '../results/folder.ts';
import type { Control } from './control.ts';
import { endingOfFailure, endingWithout, type Ending } from './ending.ts';
import { MAX_ATTEMPTS, planRun, type Plan } from './plan.ts';
import { createMeters } from './progress.ts';
import { begin, finish, resume, type Journey, type StepParts } from './steps.ts';
import { cleanRun } from './steps/clean.ts';
import { publishNothing } from './steps/publish.ts';
import { startedBefore } from './steps/run.ts';

export interface PipelineParts extends StepParts {
  readonly engine: Engine;
  readonly settings: Config['runner'];
  readonly limitsOf: (environment: EnvironmentId) => JobLimits;
  readonly filterOf: (environment: EnvironmentId) => FilterConfig | undefined;
  /** Takes an event; it will arrive, after the ones before it. */
  readonly emit: (event: JobEvent) => void;
  /** Tells whoever listens just now. */
  readonly tellProgress: (progress: Progress) => void;
  readonly log: Log;
}

export interface RunToDo {
  readonly jobId: JobId;
  readonly run: number;
  readonly environment: EnvironmentId;
  /** Undefined as long as the runner, having found the run by itself after a restart, has no command for it. */
  readonly spec: () => JobSpec | undefined;
  /** The GPUs that were leased to it. */
  readonly gpus: () => readonly string[];
  /** The last attempt that its command, or another runner, says was started. */
  readonly lastStart: () => number;
  readonly control: Control;
}

/** `needs-command`: what was found can't go on without the job's specification. */
export type RunResult = 'ended' | 'needs-command';

/** Resolves when the run has ended, its ending is told and nothing of it is left in the engine. Rejects if `signal` aborts. */
export async function runJob(todo: RunToDo, parts: PipelineParts, signal: AbortSignal): Promise<RunResult> {
  const log = parts.log.child({ jobId: todo.jobId, run: todo.run });
  const limits = parts.limitsOf(todo.environment);
  const acting: Acting = { todo, parts: { ...parts, log }, limits, terms: {}, signal };
  for (;;) {
    const plan = await makePlan(acting);
    log.debug({ plan: plan.kind }, 'planned');
    try {
      return await act(plan, acting);
    } catch (error) {
      signal.throwIfAborted();
      const isChangeOfPlan = error === todo.control.halted.reason || error === todo.control.dropped.reason;
      if (isChangeOfPlan) continue;
      if (!hasCode(error, 'CONTAINER_LOST')) throw error;
      log.warn({ problem: error.message }, 'the engine lost the container, planning again');
    }
  }
}

interface Acting {
  readonly todo: RunToDo;
  readonly parts: PipelineParts;
  /** The environment's, until it is settled what the job gets. */
  readonly limits: JobLimits;
  readonly terms: Terms;
  readonly signal: AbortSignal;
}

async function makePlan({ todo, parts, signal }: Acting): Promise<Plan> {
  const { engine, results, marks, settings, log } = parts;
  const labels = ofRun({ runnerId: settings.id, jobId: todo.jobId, run: todo.run });
  const [manifest, attempts, marked] = await Promise.all([
    results.read(todo),
    insist(() => findAttempts(engine, labels, signal), { signal, log }),
    marks.read(todo),
  ]);
  return planRun({
    want: todo.control.want(),
    manifest,
    attempts: attempts.map(({ identity, algorithm }) => ({
      attempt: identity.attempt,
      algorithm,
      terms: termsOf(identity),
    })),
    lastStart: Math.max(marked, todo.lastStart()),
  });
}

async function act(plan: Plan, acting: Acting): Promise<RunResult> {
  const { todo, parts } = acting;
  switch (plan.kind) {
    case 'clean':
      return clean(acting, 1);
    case 'remove':
      await clean(acting, plan.attempt);
      await parts.results.remove(todo.jobId, acting.signal);
      emit(acting, plan.attempt, STATUS.deleted.code);
      return 'ended';
    case 'tell':
      return tellEnding(plan.manifest, acting);
    case 'stop':
      return endWithout(STATUS.stopped.code, 'The job was stopped before its algorithm started.', plan.attempt, acting);
    case 'give-up':
      return endWithout(
        STATUS.algorithmFailed.code,
        `The container engine lost the algorithm's container ${MAX_ATTEMPTS} times.`,
        plan.attempt,
        acting,
      );
    case 'start': {
      const spec = todo.spec();
      if (!spec) return 'needs-command';
      return travel(plan.attempt, under(acting, newTerms(acting, spec)), async (journey) => {
        await begin(journey, spec, parts);
        return finish(journey, { kind: 'running', sinceMs: parts.clock.monotonicMs() }, parts);
      });
    }
    case 'resume':
      return travel(plan.attempt, under(acting, plan.terms), async (journey) => {
        await resume(journey);
        return finish(journey, { kind: 'running', sinceMs: parts.clock.monotonicMs() }, parts);
      });
    case 'adopt':
      return travel(plan.attempt, under(acting, plan.terms), (journey) =>
        finish(journey, startedBefore(plan.algorithm, parts.clock), parts),
      );
  }
}

function newTerms({ todo, parts, limits }: Acting, spec: JobSpec): Terms {
  const { resources, maxDurationS, networkAccess, output } = spec;
  return {
    grant: grantTo(limits, { resources, paidS: maxDurationS, networkAccess, gpus: todo.gpus() }),
    ...(parts.filterOf(todo.environment) ? { isFiltered: true } : {}),
    ...(output?.encryptTo === undefined ? {} : { encryptTo: output.encryptTo }),
  };
}

function under(acting: Acting, terms: Terms): Acting {
  return { ...acting, terms, limits: { ...acting.limits, ...terms.grant } };
}

/** Goes the way of an attempt and ends the run with what came of it, also if that is a failure. */
async function travel(
  attempt: number,
  acting: Acting,
  way: (journey: Journey) => Promise<Manifest>,
): Promise<RunResult> {
  const { todo, signal } = acting;
  let reached: StatusCode = STATUS.warmingUp.code;
  const report: Journey['report'] = (code) => {
    reached = code;
    emit(acting, attempt, code);
  };
  let manifest: Manifest;
  try {
    manifest = await way({ attempt: attemptOf(acting, attempt), control: todo.control, report, signal });
  } catch (error) {
    signal.throwIfAborted();
    if (error === todo.control.halted.reason || error === todo.control.dropped.reason) throw error;
    if (hasCode(error, 'CONTAINER_LOST')) throw error;
    return endWithFailure(error, { attempt, reached }, acting);
  }
  return tellEnding(manifest, acting);
}

function endWithFailure(
  error: unknown,
  { attempt, reached }: { attempt: number; reached: StatusCode },
  acting: Acting,
): Promise<RunResult> {
  const code = endingOfFailure(error instanceof CapstanError ? error.code : undefined, reached);
  const { log } = acting.parts;
  // An error that is not ours is a fault of the program: its text is for the log, not for the consumer.
  if (error instanceof CapstanError)
    log.info({ code, problem: error.message, cause: causeOf(error) }, 'the job failed');
  else log.error({ err: error }, 'a step failed unexpectedly');
  const reason = error instanceof CapstanError ? asSentence(error.message) : 'The node failed to carry out the job.';
  return endWithout(code, reason, attempt, acting);
}

/** Ends a run that has nothing to publish but its ending. */
async function endWithout(code: Ending['code'], reason: string, attempt: number, acting: Acting): Promise<RunResult> {
  const { parts, signal } = acting;
  const ending = endingWithout(code, reason);
  const endedAt = parts.clock.now();
  try {
    const publishing = { results: parts.results, endedAt };
    const manifest = await publishNothing(attemptOf(acting, attempt), publishing, { ending, signal });
    return await tellEnding(manifest, acting);
  } catch (error) {
    signal.throwIfAborted();
    // The gateway keeps the ending; only a runner that dies before it could tell would need the manifest.
    parts.log.error({ problem: messageOf(error) }, 'the ending of a job could not be written to the results');
    emit(acting, attempt, code, { termination: ending.termination, results: [] }, endedAt);
    return clean(acting, attempt);
  }
}

/** A subscriber hears of the end at once; cleaning comes after. */
function tellEnding(manifest: Manifest, acting: Acting): Promise<RunResult> {
  const { attempt, code, termination, expiresAt, endedAt } = manifest;
  const details = { ...(termination ? { termination } : {}), results: resultsOf(manifest), expiresAt };
  emit(acting, attempt, code, details, endedAt);
  return clean(acting, attempt);
}

async function clean(acting: Acting, attempt: number): Promise<RunResult> {
  const { parts, signal } = acting;
  await cleanRun(parts, identityOf(acting, attempt), { signal, log: parts.log });
  return 'ended';
}

function emit(
  { todo, parts }: Acting,
  attempt: number,
  code: StatusCode,
  details: JobEvent['details'] = {},
  at = parts.clock.now(),
): void {
  parts.emit(jobEvent({ jobId: todo.jobId, run: todo.run, attempt, code, at, details }));
}

function identityOf({ todo, parts, terms }: Acting, attempt: number): AttemptIdentity {
  const { jobId, run, environment } = todo;
  return { runnerId: parts.settings.id, environment, jobId, run, attempt, ...terms };
}

function attemptOf(acting: Acting, attempt: number) {
  const { engine, settings, clock, tellProgress, log } = acting.parts;
  const identity = identityOf(acting, attempt);
  const openMeter = createMeters({ identity, clock, tell: tellProgress });
  const filter = acting.parts.filterOf(identity.environment);
  return { identity, limits: acting.limits, filter, engine, settings, openMeter, log: log.child({ attempt }) };
}

/** What an engine said; of a source of data it could hold the address, which is nobody's business. */
function causeOf({ code, cause }: CapstanError): string | undefined {
  const isAboutData = code === 'DATA_UNAVAILABLE' || code === 'ALGORITHM_UNAVAILABLE';
  return cause === undefined || isAboutData ? undefined : messageOf(cause);
}

function asSentence(text: string): string {
  const sentence = text.trim().replace(/^./, (first) => first.toUpperCase());
  return /[.!?]$/.test(sentence) ? sentence : `${sentence}.`;
}
