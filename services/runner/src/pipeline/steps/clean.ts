/** Leaves nothing of a run in the engine. May be repeated. */
import { CapstanError, hasCode } from '@capstan/shared/contract/errors';
import { whileAnswering } from '../../docker/answering.ts';
import { retryWhileUnavailable, retryOnCode, type Patience } from '../../docker/retry-while-unavailable.ts';
import { findGoneAt, removeAttempt, type Owner, type EngineOfRuns } from '../../docker/reconcile.ts';
import type { AttemptIdentity } from '../../docker/names.ts';
import type { Captures } from '../../logs/captures.ts';
import type { StartMarks } from '../start-marks.ts';
import type { Uncleared } from '../uncleared.ts';

interface Cleaning {
  readonly engine: EngineOfRuns;
  readonly owner: Owner;
  readonly marks: StartMarks;
  readonly uncleared: Uncleared;
  readonly captures: Pick<Captures, 'remove'>;
  /** Nothing of an ended run is left, and nothing comes any more. */
  readonly onCleared: (run: Pick<AttemptIdentity, 'jobId' | 'run'>) => void;
}

/** A container that is still being removed holds its volumes for a moment. */
const TRIES_AGAIN = 4;
/** What an engine may take to clear a run away, as long as it answers all else. */
const CLEAR_MS = 600_000;

const stuck = () => new CapstanError('ENGINE_REFUSED', 'The container engine answers, and does not clear it away.');

/** Removes all that is found of a run, the note of its starts, and its captured log. What the engine refuses is left to the reaper. */
export async function cleanRun(
  cleaning: Cleaning,
  { jobId, run }: Pick<AttemptIdentity, 'jobId' | 'run'>,
  { keepsMark = false, ...patience }: Patience & { readonly keepsMark?: boolean; readonly withinMs?: number },
): Promise<void> {
  const { marks, captures } = cleaning;
  // First, so that no note is left by a runner that dies here: what is cleaned is never started again.
  if (!keepsMark) await marks.clear({ jobId, run });
  await captures.remove({ jobId, run });
  await clearAway(cleaning, { jobId, run }, { ...patience, isOver: !keepsMark });
}

/** Removes all that the engine has of a run. `isOver`: nothing goes on with it, whatever is found of it later. */
export async function clearAway(
  { engine, owner, uncleared, onCleared }: Pick<Cleaning, 'engine' | 'owner' | 'uncleared' | 'onCleared'>,
  run: Pick<AttemptIdentity, 'jobId' | 'run'>,
  { isOver, ...patience }: Patience & { readonly isOver: boolean; readonly withinMs?: number },
): Promise<void> {
  const { signal, log, withinMs = CLEAR_MS } = patience;
  const { node } = owner;
  const clear = (limited: AbortSignal) => {
    const once = () =>
      retryWhileUnavailable(
        async () => {
          const found = await findGoneAt(engine, { node, ...run }, { signal: limited, mayRecall: true });
          await Promise.all(found.map((attempt) => removeAttempt(engine, attempt.identity, limited)));
        },
        { signal: limited, log },
      );
    return retryOnCode(once, 'ENGINE_REFUSED', { signal: limited, retries: TRIES_AGAIN, minDelayMs: 200 });
  };
  try {
    await whileAnswering({ engine, ms: withinMs, signal, overdue: stuck }, clear);
  } catch (error) {
    if (!hasCode(error, 'ENGINE_REFUSED')) throw error;
    return uncleared.note(run, { problem: error.message, isOver });
  }
  await uncleared.forget(run);
  if (isOver) onCleared(run);
}
