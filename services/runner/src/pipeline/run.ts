/** Carries one run of a job to its end, from wherever it stands: finds out, plans, acts, and plans again when something changed. */
import type { FilterConfig } from '@capstan/shared/config/filter';
import type { Config } from '@capstan/shared/config/schema';
import type { EnvironmentId } from '@capstan/shared/contract/ids';
import type { JobSpec } from '@capstan/shared/contract/job';
import { resultsOf, type Manifest } from '@capstan/shared/results/manifest';
import { jobEvent, type JobEvent } from '@capstan/shared/contract/messages';
import type { Progress } from '@capstan/shared/contract/progress';
import { STATUS, type StatusCode } from '@capstan/shared/contract/status';
import { CapstanError, hasCode, messageOf } from '@capstan/shared/contract/errors';
import type { Log } from '@capstan/shared/runtime/log';
import type { Engine } from '../docker/engine.ts';
import { STOPPED_TELL_MS, TELL_MS } from '../docker/answering.ts';
import { retryWhileUnavailable } from '../docker/retry-while-unavailable.ts';
import { termsOf, type AttemptIdentity, type RunnerIdentity, type Terms } from '../docker/names.ts';
import { findAttemptsAt, findGoneAt } from '../docker/reconcile.ts';
import type { JobLimits } from '../environments/limits.ts';
import { endingOfFailure, endingWithout, type Ending } from './ending.ts';
import { newTerms } from './new-terms.ts';
import { MAX_ATTEMPTS, planRun, type Abandoned, type Plan } from './plan.ts';
import { asSentence, causeOf, UNTOLD } from './failure-words.ts';
import { createMeters } from '../reporting/progress.ts';
import type { RunResult, RunToDo } from './run-to-do.ts';
import { tellStep } from './step-channel.ts';
import { DEATHS_ALONE, DEATHS_WITH_OTHERS } from './step-notes.ts';
import { finish, prepare, resume, start, type Journey, type StepParts } from './steps.ts';
import { cleanRun } from './steps/clean.ts';
import type { Uncleared } from './uncleared.ts';
import { publishNothing } from './steps/publish.ts';
import { startedBefore } from './steps/run.ts';

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

/** Resolves when the run has ended, its ending is told and nothing of it is left in the engine. Rejects if `signal` aborts. */
export async function runJob(todo: RunToDo, parts: PipelineParts, signal: AbortSignal): Promise<RunResult> {
  const log = parts.log.child({ jobId: todo.jobId, run: todo.run });
  const limits = parts.limitsOf(todo.environment);
  const acting: Acting = { todo, parts: { ...parts, log }, limits, terms: { node: parts.owner.node }, signal };
  for (;;) {
    try {
      const plan = await makePlan(acting);
      log.debug({ plan: plan.kind }, 'planned');
      await parts.notes.enter(todo, todo.spec() ? 'before' : 'after');
      const result = await act(plan, acting);
      await (result === 'ended' ? parts.notes.pass(todo) : parts.notes.leave(todo));
      return result;
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

async function makePlan({ todo, parts, signal }: Acting): Promise<Plan | Abandoned> {
  const { engine, owner, results, marks, notes, log } = parts;
  // What the engine and the store say of it is not looked at again, where that was the runner's end each time.
  if (notes.judge(todo, 'plan') === 'given-up') return { kind: 'abandon', attempt: Math.max(1, todo.lastStart()) };
  await notes.enter(todo, 'plan', 'fleeting');
  tellStep(todo.jobId, 'plan');
  const at = { node: owner.node, jobId: todo.jobId, run: todo.run };
  const want = todo.control.want();
  // What only has to go is not asked how it is: an engine that is stuck with a container would not say.
  const find = want === 'run' || want === 'stopped' ? findAttemptsAt : findGoneAt;
  const { halted, dropped } = todo.control;
  // Whoever wants something else of it meanwhile is heard, and the plan made anew.
  const changed = want === 'run' ? [halted] : want === 'stopped' ? [dropped] : [];
  const patience = { signal: AbortSignal.any([signal, ...changed]), log };
  const withinMs = want === 'run' ? TELL_MS : STOPPED_TELL_MS;
  const [manifest, attempts, marked] = await Promise.all([
    results.read(todo),
    retryWhileUnavailable(() => find(engine, at, { ...patience, withinMs }), patience),
    marks.read(todo),
  ]);
  return planRun({
    want,
    manifest,
    attempts: attempts.map(({ identity, algorithm }) => ({
      attempt: identity.attempt,
      algorithm,
      terms: termsOf(identity),
    })),
    lastStart: Math.max(marked, todo.lastStart()),
  });
}

async function act(plan: Plan | Abandoned, acting: Acting): Promise<RunResult> {
  const { todo, parts } = acting;
  switch (plan.kind) {
    case 'clean':
      return clean(acting, plan.keepsMark);
    case 'remove':
      await clean(acting);
      await parts.results.remove(todo.jobId, acting.signal);
      emit(acting, plan.attempt, STATUS.deleted.code);
      return 'ended';
    case 'tell':
      return tellEnding(plan.manifest, acting);
    case 'untold':
      return plan.isStopped
        ? endWithout(STATUS.stopped.code, `The job was stopped on request. ${UNTOLD}`, plan.attempt, acting)
        : endWithout(STATUS.algorithmFailed.code, UNTOLD, plan.attempt, acting);
    case 'stop':
      return endWithout(STATUS.stopped.code, 'The job was stopped before its algorithm started.', plan.attempt, acting);
    case 'give-up':
      return endWithout(
        STATUS.algorithmFailed.code,
        `The algorithm was begun ${MAX_ATTEMPTS} times, and each time its container, its engine or its runner was lost.`,
        plan.attempt,
        acting,
      );
    case 'abandon':
      return giveUp(STATUS.dataProvisioningFailed.code, plan.attempt, acting);
    case 'start': {
      const spec = todo.spec();
      if (!spec) return 'needs-command';
      if (parts.notes.judge(todo, 'before') === 'given-up')
        return giveUp(STATUS.dataProvisioningFailed.code, plan.attempt, acting);
      await parts.uncleared.forget({ jobId: todo.jobId, run: todo.run });
      return goFromStart(plan.attempt, spec, under(acting, termsFor(acting, spec, plan.made)));
    }
    case 'resume':
      return travel(plan.attempt, under(acting, plan.terms), async (journey) => {
        await resume(journey, parts);
        return finish(journey, { kind: 'running', sinceMs: parts.clock.monotonicMs() }, parts);
      });
    case 'adopt':
      if (parts.notes.judge(todo, 'after') === 'given-up') return giveUp(STATUS.fetchFailed.code, plan.attempt, acting);
      return travel(plan.attempt, under(acting, plan.terms), (journey) =>
        finish(journey, startedBefore(plan.algorithm, parts.clock), parts),
      );
  }
}

async function goFromStart(attempt: number, spec: JobSpec, acting: Acting): Promise<RunResult> {
  const { todo, parts } = acting;
  let mayHaveStarted = false;
  try {
    return await travel(attempt, acting, async (journey) => {
      const ours = await prepare(journey, spec, parts);
      mayHaveStarted = true;
      await start(journey, ours, parts);
      return finish(journey, { kind: 'running', sinceMs: parts.clock.monotonicMs() }, parts);
    });
  } catch (error) {
    if (mayHaveStarted || error !== todo.control.halted.reason || todo.control.want() !== 'stopped') throw error;
    // What the plan saw still holds, so the engine is not asked: it may have calls of this run open for minutes. What they make, the cleaning finds.
    return act({ kind: 'stop', attempt }, acting);
  }
}

/** It killed the runner again and again, also alone: it would for ever. */
async function giveUp(code: Ending['code'], attempt: number, acting: Acting): Promise<RunResult> {
  const { todo, parts } = acting;
  parts.log.error('a job that killed this runner each time is given up; its note is kept in steps/given-up');
  const reason = `The node broke down ${DEATHS_WITH_OTHERS + DEATHS_ALONE} times while it ${code === STATUS.fetchFailed.code ? "took this job's outputs" : 'prepared this job'}, and gave it up.`;
  await parts.notes.bury(todo);
  return endWithout(code, reason, attempt, acting);
}

function termsFor({ todo, parts, limits }: Acting, spec: JobSpec, made: Terms | undefined): Terms {
  const { node } = parts.owner;
  const isFiltered = parts.filterOf(todo.environment) !== undefined;
  return newTerms({ node, jobId: todo.jobId, limits, gpus: todo.gpus, isFiltered, spec, made });
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
  const { todo, parts, signal } = acting;
  let reached: StatusCode = STATUS.warmingUp.code;
  const report: Journey['report'] = (code) => {
    reached = code;
    emit(acting, attempt, code);
  };
  let manifest: Manifest;
  try {
    manifest = await way({
      attempt: attemptOf(acting, attempt),
      control: todo.control,
      turn: todo.turn,
      report,
      signal,
    });
  } catch (error) {
    signal.throwIfAborted();
    if (error === todo.control.halted.reason || error === todo.control.dropped.reason) throw error;
    if (hasCode(error, 'CONTAINER_LOST')) throw error;
    if (hasCode(error, 'START_UNKNOWN') && todo.control.dropped.aborted) throw todo.control.dropped.reason;
    if (hasCode(error, 'START_UNKNOWN') && todo.control.halted.aborted)
      return await endWithout(STATUS.stopped.code, `The job was stopped on request. ${error.message}`, attempt, acting);
    return await endWithFailure(error, { attempt, reached }, acting);
  } finally {
    await parts.notes.leave(todo);
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
  if (error instanceof CapstanError) {
    // The event of the ending says what failed; what is behind it is for the operator alone.
    const cause = causeOf(error);
    if (cause !== undefined) log.info({ code, cause }, 'what is behind the failure');
  } else log.error({ err: error }, 'a step failed unexpectedly');
  const reason = error instanceof CapstanError ? asSentence(error.message) : 'The node failed to carry out the job.';
  return endWithout(code, reason, attempt, acting);
}

/** Ends a run that has nothing to publish but its ending. */
async function endWithout(code: Ending['code'], reason: string, attempt: number, acting: Acting): Promise<RunResult> {
  const { parts, signal } = acting;
  const ending = endingWithout(code, reason);
  const { results, clock } = parts;
  try {
    const publishing = { results, clock };
    const manifest = await publishNothing(attemptOf(acting, attempt), publishing, { ending, signal });
    return await tellEnding(manifest, acting);
  } catch (error) {
    signal.throwIfAborted();
    // The gateway keeps the ending; only a runner that dies before it could tell would need the manifest.
    parts.log.error({ problem: messageOf(error) }, 'the ending of a job could not be written to the results');
    emit(acting, attempt, code, { termination: ending.termination, results: [] }, clock.now());
    return clean(acting);
  }
}

/** A subscriber hears of the end at once; cleaning comes after. */
function tellEnding(manifest: Manifest, acting: Acting): Promise<RunResult> {
  const { attempt, code, termination, expiresAt, endedAt } = manifest;
  const details = { ...(termination ? { termination } : {}), results: resultsOf(manifest), expiresAt };
  emit(acting, attempt, code, details, endedAt);
  return clean(acting);
}

async function clean(acting: Acting, keepsMark = false): Promise<RunResult> {
  const { parts, signal } = acting;
  await cleanRun(parts, acting.todo, { signal, log: parts.log, keepsMark });
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

function attemptOf(acting: Acting, attempt: number) {
  const { owner, engine, settings, clock, tellProgress, log } = acting.parts;
  const { jobId, run, environment } = acting.todo;
  const identity: AttemptIdentity = { runnerId: owner.id, environment, jobId, run, attempt, ...acting.terms };
  const openMeter = createMeters({ identity, clock, tell: tellProgress });
  const filter = acting.parts.filterOf(identity.environment);
  return { identity, limits: acting.limits, filter, engine, settings, openMeter, log: log.child({ attempt }) };
}
