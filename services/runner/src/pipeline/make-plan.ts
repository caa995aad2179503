/** Finds out where a run stands, in the engine, in the results and on the disk, and plans from there. */
import { STOPPED_TELL_MS, TELL_MS } from '../docker/answering.ts';
import { termsOf } from '../docker/names.ts';
import { findAttemptsAt, findGoneAt } from '../docker/reconcile.ts';
import { retryWhileUnavailable } from '../docker/retry-while-unavailable.ts';
import { planRun, type Abandoned, type Plan } from './plan.ts';
import type { RunContext } from './run-context.ts';
import { tellStep } from './step-channel.ts';

export async function makePlan({ todo, parts, signal }: RunContext): Promise<Plan | Abandoned> {
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
  const [manifest, marked] = await Promise.all([results.read(todo), marks.read(todo)]);
  const lastStart = Math.max(marked, todo.lastStart());
  // Of a run that nobody has ever been about to start, there is what this life has made: all else was cleared away before its work began.
  const look = { ...patience, withinMs, mayRecall: lastStart === 0 };
  const attempts = await retryWhileUnavailable(() => find(engine, at, look), patience);
  return planRun({
    want,
    manifest,
    attempts: attempts.map(({ identity, algorithm }) => ({
      attempt: identity.attempt,
      algorithm,
      terms: termsOf(identity),
    })),
    lastStart,
  });
}
