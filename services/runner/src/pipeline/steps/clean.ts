/** Leaves nothing of a run in the engine. May be repeated. */
import type { Engine } from '../../docker/engine.ts';
import { hasCode } from '@capstan/shared/errors';
import { insist, persist, type Patience } from '../../docker/insist.ts';
import { findAttemptsAt, removeAttempt, type Owner } from '../../docker/reconcile.ts';
import type { AttemptIdentity } from '../../docker/names.ts';
import type { Captures } from '../../logs/captures.ts';
import type { StartMarks } from '../start-marks.ts';
import type { Uncleared } from '../uncleared.ts';

interface Cleaning {
  readonly engine: Engine;
  readonly owner: Owner;
  readonly marks: StartMarks;
  readonly uncleared: Uncleared;
  readonly captures: Pick<Captures, 'remove'>;
  /** Nothing of an ended run is left, and nothing comes any more. */
  readonly onCleared: (run: Pick<AttemptIdentity, 'jobId' | 'run'>) => void;
}

/** A container that is still being removed holds its volumes for a moment. */
const TRIES_AGAIN = 4;

/** Removes all that is found of a run, the note of its starts, and its captured log. What the engine refuses is left to the reaper. */
export async function cleanRun(
  cleaning: Cleaning,
  { jobId, run }: Pick<AttemptIdentity, 'jobId' | 'run'>,
  { keepsMark = false, ...patience }: Patience & { readonly keepsMark?: boolean },
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
  { isOver, ...patience }: Patience & { readonly isOver: boolean },
): Promise<void> {
  const { signal } = patience;
  const { node } = owner;
  const once = () =>
    insist(async () => {
      const found = await findAttemptsAt(engine, { node, ...run }, signal);
      await Promise.all(found.map((attempt) => removeAttempt(engine, attempt.identity, signal)));
    }, patience);
  try {
    await persist(once, 'ENGINE_REFUSED', { signal, retries: TRIES_AGAIN, minDelayMs: 200 });
  } catch (error) {
    if (!hasCode(error, 'ENGINE_REFUSED')) throw error;
    return uncleared.note(run, { problem: error.message, isOver });
  }
  await uncleared.forget(run);
  if (isOver) onCleared(run);
}
