/** Adoption of what was left in the engine, by an earlier life of this runner or by a run that failed to clean up. What runs or ran goes on, the rest is cleared away. */
import type { Log } from '@capstan/shared/runtime/log';
import { retryWhileUnavailable, type Patience } from '../docker/retry-while-unavailable.ts';
import type { AttemptIdentity } from '../docker/names.ts';
import { findAttempts, type FoundAttempt, type Owner, type EngineOfRuns } from '../docker/reconcile.ts';
import type { Captures } from '../logs/captures.ts';
import type { StartMarks } from '../pipeline/start-marks.ts';
import { cleanRun, clearAway } from '../pipeline/steps/clean.ts';
import type { Uncleared } from '../pipeline/uncleared.ts';
import type { Results, Run } from '../results/results.ts';

interface AdoptParts {
  readonly engine: EngineOfRuns;
  readonly results: Results;
  readonly marks: StartMarks;
  readonly uncleared: Uncleared;
  readonly captures: Captures;
  readonly owner: Owner;
  /** Hears of each run that had ended and is cleared away. */
  readonly onCleared: (run: Run) => void;
  /** Whether somebody works on a run: it looks after itself. */
  readonly isInHand: (run: Run) => boolean;
  /** Hears of what stays as it is, each time. */
  readonly leftAlone: (run: Run) => void;
  readonly log: Log;
}

/** Others wait for what is found here: what an engine is stuck with is not waited for longer, as long as it answers all else. */
const LOOK_MS = 20_000;
const CLEAR_MS = 60_000;

/**
 * Resolves to the runs that have not ended and whose algorithm was started or is about to be, and to those of which the engine tells
 * nothing. All other runs that nobody has in hand are cleared away by then, as far as the engine lets them go.
 */
export async function findUnfinished(parts: AdoptParts, signal: AbortSignal): Promise<readonly AttemptIdentity[]> {
  const patience = { signal, log: parts.log };
  const found = await retryWhileUnavailable(
    () => findAttempts(parts.engine, parts.owner, { ...patience, withinMs: LOOK_MS }),
    patience,
  );
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
  if (await parts.uncleared.isOver({ jobId, run })) {
    await cleanRun(parts, { jobId, run }, { ...patience, withinMs: CLEAR_MS });
    return undefined;
  }
  if (await parts.results.read(first.identity)) {
    parts.log.info({ jobId, run }, 'clearing away a run that has ended');
    await cleanRun(parts, first.identity, { ...patience, withinMs: CLEAR_MS });
    return undefined;
  }
  const lastStart = await parts.marks.read(first.identity);
  // Nodes of a release before marks may share an engine and have one id: theirs is what the data folder knows of.
  if (lastStart === 0 && attempts.every(({ identity }) => identity.node === undefined)) {
    parts.leftAlone({ jobId, run });
    return undefined;
  }
  // Of one that the engine does not tell of, nobody knows that it was not started. Where its start is noted, a call of an earlier life may still be on its way to the engine, whatever the container looks like now.
  const begun = attempts.find(
    ({ identity, algorithm }) => algorithm && (algorithm.kind !== 'created' || identity.attempt === lastStart),
  );
  if (begun) return begun.identity;
  // It may be filled half: provisioning starts afresh when the command comes again.
  parts.log.info({ jobId, run }, 'clearing away a run that was not started');
  await clearAway(parts, { jobId, run }, { ...patience, withinMs: CLEAR_MS, isOver: false });
  return undefined;
}
