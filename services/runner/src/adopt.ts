/** What was left in the engine, by an earlier life of this runner or by a run that failed to clean up. What runs or ran goes on, the rest is cleared away. */
import type { Log } from '@capstan/shared/log';
import type { Engine } from './docker/engine.ts';
import { insist, type Patience } from './docker/insist.ts';
import type { AttemptIdentity } from './docker/names.ts';
import { findAttempts, ofRunner, removeAttempt, type FoundAttempt } from './docker/reconcile.ts';
import type { Captures } from './logs/captures.ts';
import type { StartMarks } from './pipeline/start-marks.ts';
import { cleanRun } from './pipeline/steps/clean.ts';
import type { Results, Run } from './results/results.ts';

interface AdoptParts {
  readonly engine: Engine;
  readonly results: Results;
  readonly marks: StartMarks;
  readonly captures: Captures;
  readonly runnerId: string;
  /** Whether somebody works on a run: it looks after itself. */
  readonly isInHand: (run: Run) => boolean;
  readonly log: Log;
}

/** Resolves to the runs whose algorithm was started, or is about to be, and that have not ended. Of those that nobody has in hand, nothing else is left then. */
export async function findUnfinished(parts: AdoptParts, signal: AbortSignal): Promise<readonly AttemptIdentity[]> {
  const patience = { signal, log: parts.log };
  const found = await insist(() => findAttempts(parts.engine, ofRunner(parts.runnerId), signal), patience);
  const left = found.filter(({ identity }) => !parts.isInHand(identity));
  const byRun = Map.groupBy(left, ({ identity }) => `${identity.jobId}.${identity.run}`);
  const unfinished = await Promise.all([...byRun.values()].map((attempts) => judge(attempts, parts, patience)));
  return unfinished.filter((identity) => identity !== undefined);
}

async function judge(
  attempts: readonly FoundAttempt[],
  parts: AdoptParts,
  patience: Patience,
): Promise<AttemptIdentity | undefined> {
  const [first] = attempts;
  if (!first) return undefined;
  const { jobId, run } = first.identity;
  if (await parts.results.read(first.identity)) {
    parts.log.info({ jobId, run }, 'clearing away a run that has ended');
    await cleanRun(parts, first.identity, patience);
    return undefined;
  }
  const lastStart = await parts.marks.read(first.identity);
  // Where its start is noted, a call of an earlier life may still be on its way to the engine, whatever the container looks like now.
  const begun = attempts.find(
    ({ identity, algorithm }) => algorithm && (algorithm.kind !== 'created' || identity.attempt === lastStart),
  );
  if (begun) return begun.identity;
  // It may be filled half: provisioning starts afresh when the command comes again.
  parts.log.info({ jobId, run }, 'clearing away a run that was not started');
  for (const { identity } of attempts)
    await insist(() => removeAttempt(parts.engine, identity, patience.signal), patience);
  return undefined;
}
