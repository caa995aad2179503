/**
 * Lets the environment's filter look at the outputs: a container of the operator's that may rewrite, delete and add. It was made before
 * the algorithm was started and is started once; whatever a restart finds of it counts. One that did not exit with 0 may have left
 * anything half done, so nothing of the outputs is published then.
 */
import { deadline } from '@capstan/shared/deadline';
import type { Clock } from '@capstan/shared/clock';
import { hasCode } from '@capstan/shared/errors';
import { insist } from '../../docker/insist.ts';
import { namesOf } from '../../docker/names.ts';
import type { Attempt } from '../attempt.ts';
import { readExit, startedBefore, startOnce, type Started } from './run.ts';

export type Verdict = 'passed' | 'withheld';

/** For a container that is found again in an environment that has no filter any more. */
const DEFAULT_LIMIT_S = 600;

export async function filter(attempt: Attempt, clock: Clock, signal: AbortSignal): Promise<Verdict> {
  const problem = await problemOf(attempt, clock, signal);
  if (problem === undefined) return 'passed';
  attempt.log.warn({ problem }, 'the filter failed, outputs are withheld');
  return 'withheld';
}

async function problemOf(attempt: Attempt, clock: Clock, signal: AbortSignal): Promise<string | undefined> {
  const { engine, identity, log } = attempt;
  const { filter: name } = namesOf(identity);
  const patience = { signal, log };
  try {
    const state = await insist(() => engine.inspectContainer(name, signal), patience);
    if (state.kind === 'created') await startOnce(engine, name, patience);
    const started: Started =
      state.kind === 'created' ? { kind: 'running', sinceMs: clock.monotonicMs() } : startedBefore(state, clock);
    if (!(await endsInTime(attempt, { name, started, clock }, signal))) return 'it took too long';
    const { exitCode } = await readExit(engine, name, patience);
    return exitCode === 0 ? undefined : `it exited with code ${exitCode}`;
  } catch (error) {
    if (hasCode(error, 'CONTAINER_LOST', 'START_REFUSED')) return error.message;
    throw error;
  }
}

interface Running {
  readonly name: string;
  readonly started: Started;
  readonly clock: Clock;
}

/** Whether it ended by itself; afterwards it does not run. */
async function endsInTime(
  { engine, filter: settings, log }: Attempt,
  { name, started, clock }: Running,
  signal: AbortSignal,
): Promise<boolean> {
  if (started.kind !== 'running') return true;
  const limitMs = (settings?.maxDurationS ?? DEFAULT_LIMIT_S) * 1_000;
  const limit = deadline(limitMs - (clock.monotonicMs() - started.sinceMs));
  const limited = AbortSignal.any([signal, limit]);
  try {
    await insist(() => engine.waitForExit(name, limited), { signal: limited, log });
    return true;
  } catch (error) {
    signal.throwIfAborted();
    if (!limit.aborted) throw error;
    await insist(() => engine.stopContainer(name, 0, signal), { signal, log });
    return false;
  }
}
