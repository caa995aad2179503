/** Gives up an attempt that the engine's own end has spoilt, so that the next one begins. */
import { CapstanError } from '@capstan/shared/errors';
import { insist } from '../../docker/insist.ts';
import { removeAttempt } from '../../docker/reconcile.ts';
import type { Attempt } from '../attempt.ts';
import { MAX_ATTEMPTS } from '../plan.ts';
import type { StartMarks } from '../start-marks.ts';

/** Throws CONTAINER_LOST, as if the engine had lost it; returns if it was the last attempt, whose ending says what happened. */
export async function startAgain(
  { engine, identity, log }: Attempt,
  marks: StartMarks,
  signal: AbortSignal,
): Promise<void> {
  if (identity.attempt >= MAX_ATTEMPTS) return;
  // What is removed is counted by its note alone; a runner that lost its disk has none.
  if ((await marks.read(identity)) < identity.attempt) await marks.write(identity, identity.attempt);
  await insist(() => removeAttempt(engine, identity, signal), { signal, log });
  throw new CapstanError('CONTAINER_LOST', 'The container engine was stopped or restarted while the algorithm ran.');
}
