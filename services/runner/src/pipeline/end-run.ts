/** Ends a run: publishes how it ended where nothing else is to be published, tells it, and leaves nothing of it in the engine. */
import { CapstanError, messageOf } from '@capstan/shared/contract/errors';
import { STATUS, type StatusCode } from '@capstan/shared/contract/status';
import { resultsOf, type Manifest } from '@capstan/shared/results/manifest';
import { endingOfFailure, endingWithout, type Ending } from './ending.ts';
import { asSentence, causeOf } from './failure-words.ts';
import { attemptOf, emit, type RunContext } from './run-context.ts';
import type { RunResult } from './run-to-do.ts';
import { DEATHS_ALONE, DEATHS_WITH_OTHERS } from './step-notes.ts';
import { cleanRun } from './steps/clean.ts';
import { publishNothing } from './steps/publish.ts';

/** It killed the runner again and again, also alone: it would for ever. */
export async function giveUp(code: Ending['code'], attempt: number, context: RunContext): Promise<RunResult> {
  const { todo, parts } = context;
  parts.log.error('a job that killed this runner each time is given up; its note is kept in steps/given-up');
  const reason = `The node broke down ${DEATHS_WITH_OTHERS + DEATHS_ALONE} times while it ${code === STATUS.fetchFailed.code ? "took this job's outputs" : 'prepared this job'}, and gave it up.`;
  await parts.notes.bury(todo);
  return endWithout(code, reason, attempt, context);
}

export function endWithFailure(
  error: unknown,
  { attempt, reached }: { attempt: number; reached: StatusCode },
  context: RunContext,
): Promise<RunResult> {
  const code = endingOfFailure(error instanceof CapstanError ? error.code : undefined, reached);
  const { log } = context.parts;
  // An error that is not ours is a fault of the program: its text is for the log, not for the consumer.
  if (error instanceof CapstanError) {
    // The event of the ending says what failed; what is behind it is for the operator alone.
    const cause = causeOf(error);
    if (cause !== undefined) log.info({ code, cause }, 'what is behind the failure');
  } else log.error({ err: error }, 'a step failed unexpectedly');
  const reason = error instanceof CapstanError ? asSentence(error.message) : 'The node failed to carry out the job.';
  return endWithout(code, reason, attempt, context);
}

/** Ends a run that has nothing to publish but its ending. */
export async function endWithout(
  code: Ending['code'],
  reason: string,
  attempt: number,
  context: RunContext,
): Promise<RunResult> {
  const { parts, signal } = context;
  const ending = endingWithout(code, reason);
  const { results, clock } = parts;
  try {
    const publishing = { results, clock };
    const manifest = await publishNothing(attemptOf(context, attempt), publishing, { ending, signal });
    return await tellEnding(manifest, context);
  } catch (error) {
    signal.throwIfAborted();
    // The gateway keeps the ending; only a runner that dies before it could tell would need the manifest.
    parts.log.error({ problem: messageOf(error) }, 'the ending of a job could not be written to the results');
    emit(context, attempt, code, { termination: ending.termination, results: [] }, clock.now());
    return clean(context);
  }
}

/** A subscriber hears of the end at once; cleaning comes after. */
export function tellEnding(manifest: Manifest, context: RunContext): Promise<RunResult> {
  const { attempt, code, termination, expiresAt, endedAt } = manifest;
  const details = { ...(termination ? { termination } : {}), results: resultsOf(manifest), expiresAt };
  emit(context, attempt, code, details, endedAt);
  return clean(context);
}

export async function clean(context: RunContext, keepsMark = false): Promise<RunResult> {
  const { parts, signal } = context;
  await cleanRun(parts, context.todo, { signal, log: parts.log, keepsMark });
  return 'ended';
}
