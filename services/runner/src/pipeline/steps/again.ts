/** Gives up an attempt that the engine's own end has spoilt, so that the next one begins. */
import { CapstanError } from '@capstan/shared/contract/errors';
import { whileAnswering } from '../../docker/answering.ts';
import { retryWhileUnavailable } from '../../docker/retry-while-unavailable.ts';
import { removeAttempt } from '../../docker/reconcile.ts';
import type { Attempt } from '../attempt.ts';
import { MAX_ATTEMPTS } from '../plan.ts';
import type { StartMarks } from '../start-marks.ts';

/** What an engine may take to remove it, as long as it answers all else. */
const REMOVE_MS = 600_000;

/** Where what was begun stays, nothing is begun beside it. */
const stays = () =>
  new CapstanError(
    'START_UNKNOWN',
    'The container engine was stopped or restarted while the algorithm ran, and does not clear away what that has left.',
  );

/** Throws CONTAINER_LOST, as if the engine had lost it; returns if it was the last attempt, whose ending says what happened. */
export async function startAgain(
  { engine, identity, log }: Attempt,
  marks: StartMarks,
  signal: AbortSignal,
  withinMs = REMOVE_MS,
): Promise<void> {
  if (identity.attempt >= MAX_ATTEMPTS) return;
  // What is removed is counted by its note alone; a runner that lost its disk has none.
  if ((await marks.read(identity)) < identity.attempt) await marks.write(identity, identity.attempt);
  await whileAnswering({ engine, ms: withinMs, signal, overdue: stays }, (limited) =>
    retryWhileUnavailable(() => removeAttempt(engine, identity, limited), { signal: limited, log }),
  );
  throw new CapstanError('CONTAINER_LOST', 'The container engine was stopped or restarted while the algorithm ran.');
}
