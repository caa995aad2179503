/** Carries one run of a job to its end, from wherever it stands: finds out, plans, acts, and plans again when something changed. */
import type { JobSpec } from '@capstan/shared/contract/job';
import { hasCode } from '@capstan/shared/contract/errors';
import { STATUS, type StatusCode } from '@capstan/shared/contract/status';
import type { Manifest } from '@capstan/shared/results/manifest';
import type { Terms } from '../docker/names.ts';
import type { AttemptContext } from './attempt-context.ts';
import { clean, endWithFailure, endWithout, giveUp, tellEnding } from './end-run.ts';
import { UNTOLD } from './failure-words.ts';
import { makePlan } from './make-plan.ts';
import { newTerms } from './new-terms.ts';
import { MAX_ATTEMPTS, type Abandoned, type Plan } from './plan.ts';
import { attemptOf, emit, withTerms, type PipelineParts, type RunContext } from './run-context.ts';
import type { RunResult, RunToDo } from './run-to-do.ts';
import { CONCLUSION, PREPARATION, RESUMPTION, START } from './steps.ts';
import { startedBefore, type Running } from './steps/start.ts';

/** Resolves when the run has ended, its ending is told and nothing of it is left in the engine. Rejects if `signal` aborts. */
export async function runJob(todo: RunToDo, parts: PipelineParts, signal: AbortSignal): Promise<RunResult> {
  const log = parts.log.child({ jobId: todo.jobId, run: todo.run });
  const limits = parts.limitsOf(todo.environment);
  const context: RunContext = { todo, parts: { ...parts, log }, limits, terms: { node: parts.owner.node }, signal };
  for (;;) {
    try {
      const plan = await makePlan(context);
      log.debug({ plan: plan.kind }, 'planned');
      await parts.notes.enter(todo, todo.spec() ? 'before' : 'after');
      const result = await act(plan, context);
      await (result === 'ended' ? parts.notes.pass(todo) : parts.notes.leave(todo));
      return result;
    } catch (error) {
      // A runner that is asked to end has not died over this job.
      if (signal.aborted) await parts.notes.leave(todo);
      signal.throwIfAborted();
      const isChangeOfPlan = error === todo.control.halted.reason || error === todo.control.dropped.reason;
      if (isChangeOfPlan) continue;
      if (!hasCode(error, 'CONTAINER_LOST')) throw error;
      log.warn({ problem: error.message }, 'the engine lost the container, planning again');
    }
  }
}

async function act(plan: Plan | Abandoned, context: RunContext): Promise<RunResult> {
  const { todo, parts } = context;
  switch (plan.kind) {
    case 'clean':
      return clean(context, plan.keepsMark);
    case 'remove':
      await clean(context);
      await parts.results.remove(todo.jobId, context.signal);
      emit(context, plan.attempt, STATUS.deleted.code);
      return 'ended';
    case 'tell':
      return tellEnding(plan.manifest, context);
    case 'untold':
      return plan.isStopped
        ? endWithout(STATUS.stopped.code, `The job was stopped on request. ${UNTOLD}`, plan.attempt, context)
        : endWithout(STATUS.algorithmFailed.code, UNTOLD, plan.attempt, context);
    case 'stop':
      return endWithout(
        STATUS.stopped.code,
        'The job was stopped before its algorithm started.',
        plan.attempt,
        context,
      );
    case 'give-up':
      return endWithout(
        STATUS.algorithmFailed.code,
        `The algorithm was begun ${MAX_ATTEMPTS} times, and each time its container, its engine or its runner was lost.`,
        plan.attempt,
        context,
      );
    case 'abandon':
      return giveUp(STATUS.dataProvisioningFailed.code, plan.attempt, context);
    case 'start': {
      const spec = todo.spec();
      if (!spec) return 'needs-command';
      if (parts.notes.judge(todo, 'before') === 'given-up')
        return giveUp(STATUS.dataProvisioningFailed.code, plan.attempt, context);
      await parts.uncleared.forget({ jobId: todo.jobId, run: todo.run });
      return goFromStart(plan.attempt, spec, withTerms(context, termsFor(context, spec, plan.made)));
    }
    case 'resume':
      return carryAttempt(plan.attempt, withTerms(context, plan.terms), async (of) =>
        conclude(await RESUMPTION.run(of)),
      );
    case 'adopt':
      if (parts.notes.judge(todo, 'after') === 'given-up')
        return giveUp(STATUS.fetchFailed.code, plan.attempt, context);
      return carryAttempt(plan.attempt, withTerms(context, plan.terms), (of) =>
        conclude({ ...of, algorithm: startedBefore(plan.algorithm, parts.clock) }),
      );
  }
}

async function goFromStart(attempt: number, spec: JobSpec, context: RunContext): Promise<RunResult> {
  const { todo } = context;
  let mayHaveStarted = false;
  try {
    return await carryAttempt(attempt, context, async (of) => {
      const prepared = await PREPARATION.run({ ...of, spec });
      mayHaveStarted = true;
      return conclude(await START.run(prepared));
    });
  } catch (error) {
    if (mayHaveStarted || error !== todo.control.halted.reason || todo.control.want() !== 'stopped') throw error;
    // What the plan saw still holds, so the engine is not asked: it may have calls of this run open for minutes. What they make, the cleaning finds.
    return act({ kind: 'stop', attempt }, context);
  }
}

function termsFor({ todo, parts, limits }: RunContext, spec: JobSpec, made: Terms | undefined): Terms {
  const { node } = parts.owner;
  const isFiltered = parts.filterOf(todo.environment) !== undefined;
  return newTerms({ node, jobId: todo.jobId, limits, gpus: todo.gpus, isFiltered, spec, made });
}

/** Goes the way of an attempt and ends the run with what came of it, also if that is a failure. */
async function carryAttempt(
  attempt: number,
  context: RunContext,
  way: (of: AttemptContext) => Promise<Manifest>,
): Promise<RunResult> {
  const { todo, parts, signal } = context;
  const { control, turn } = todo;
  let reached: StatusCode = STATUS.warmingUp.code;
  const report: AttemptContext['report'] = (code) => {
    reached = code;
    emit(context, attempt, code);
  };
  const go = async () => {
    await using held = new AsyncDisposableStack();
    return await way({ attempt: attemptOf(context, attempt), parts, control, turn, report, held, signal });
  };
  let manifest: Manifest;
  try {
    manifest = await go();
  } catch (error) {
    signal.throwIfAborted();
    if (error === todo.control.halted.reason || error === todo.control.dropped.reason) throw error;
    if (hasCode(error, 'CONTAINER_LOST')) throw error;
    if (hasCode(error, 'START_UNKNOWN') && todo.control.dropped.aborted) throw todo.control.dropped.reason;
    if (hasCode(error, 'START_UNKNOWN') && todo.control.halted.aborted)
      return await endWithout(
        STATUS.stopped.code,
        `The job was stopped on request. ${error.message}`,
        attempt,
        context,
      );
    return await endWithFailure(error, { attempt, reached }, context);
  } finally {
    await parts.notes.leave(todo);
  }
  return tellEnding(manifest, context);
}

const conclude = async (running: Running): Promise<Manifest> => (await CONCLUSION.run(running)).manifest;
