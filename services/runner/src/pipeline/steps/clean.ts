/** Leaves nothing of a run in the engine. May be repeated. */
import type { Engine } from '../../docker/engine.ts';
import { insist, type Patience } from '../../docker/insist.ts';
import { findAttempts, ofRun, removeAttempt } from '../../docker/reconcile.ts';
import type { AttemptIdentity } from '../../docker/names.ts';
import type { Captures } from '../../logs/captures.ts';
import type { StartMarks } from '../start-marks.ts';

interface Cleaning {
  readonly engine: Engine;
  readonly marks: StartMarks;
  readonly captures: Pick<Captures, 'remove'>;
}

/** Removes all that is found of a run, the note of its starts, and its captured log. */
export async function cleanRun(
  { engine, marks, captures }: Cleaning,
  identity: AttemptIdentity,
  patience: Patience,
): Promise<void> {
  // First, so that no note is left by a runner that dies here: what is cleaned is never started again.
  await marks.clear(identity);
  await captures.remove(identity);
  await insist(async () => {
    const found = await findAttempts(engine, ofRun(identity), patience.signal);
    await Promise.all(found.map((attempt) => removeAttempt(engine, attempt.identity, patience.signal)));
  }, patience);
}
