/** Waits until the algorithm does not run any more: by itself, by a stop, by its time limit, or by what it writes. */
import { messageOf } from '@capstan/shared/contract/errors';
import type { Clock } from '@capstan/shared/runtime/clock';
import { TELL_MS, whileAnswering } from '../../docker/answering.ts';
import { namesOf } from '../../docker/names.ts';
import { retryWhileUnavailable } from '../../docker/retry-while-unavailable.ts';
import type { Attempt } from '../attempt.ts';
import { tooMuchDisk } from '../disk-limit.ts';
import type { Cause, Outcome } from '../ending.ts';
import { aborted, after, untilLeft } from '../signals.ts';
import type { Step } from '../step.ts';
import type { Captured } from './capture.ts';
import { missedExit } from './missed-exit.ts';
import type { Running, Started } from './start.ts';

export interface Waited {
  /** `noted`: an earlier life of the runner knew all of it. */
  readonly end: { readonly kind: 'noted'; readonly outcome: Outcome } | { readonly kind: 'seen'; readonly end: End };
}

export const wait: Step<Running & Captured, Waited> = {
  name: 'wait',
  until: 'dropped',
  async run({ attempt, parts, control, algorithm, capture, cause }, signal) {
    const { identity, log } = attempt;
    const { marks, clock } = parts;
    const noted = algorithm.kind === 'exited' ? await marks.readEnd(identity, identity.attempt) : undefined;
    if (noted) return { end: { kind: 'noted', outcome: noted } };
    const note = (why: Cause) =>
      marks.writeCause(identity, identity.attempt, why).catch((error: unknown) => {
        log.warn({ problem: messageOf(error) }, 'why an algorithm is ended could not be noted');
      });
    const waiting = { algorithm, clock, halted: control.halted, flooded: capture.flooded, cause, note };
    return { end: { kind: 'seen', end: await awaitEnd(attempt, waiting, signal) } };
  },
};

/**
 * Why it ended. `isWatched`: the engine answered from the start of the wait to its end, without a break. `isUntold`: it was told to stop
 * it and never said that it has, so it may still run.
 */
export type End = Omit<Outcome, 'exit'> & { readonly isWatched: boolean; readonly isUntold?: true };

export interface Waiting {
  readonly algorithm: Started;
  readonly clock: Clock;
  /** Aborts when it shall stop. */
  readonly halted: AbortSignal;
  /** Resolves when its log has become much too long. */
  readonly flooded: Promise<void>;
  /** Why an earlier life of the runner was ending it, or has. */
  readonly cause: Cause | undefined;
  /** Takes down why it is about to be ended, before it is. */
  readonly note: (cause: Cause) => Promise<void>;
  /** How long the engine may take to stop it, beyond the time of grace, as long as it answers all else. */
  readonly stopMs?: number;
}

/** Resolves, to why, once the algorithm does not run any more. How it exited is another question, see `exit.ts`. */
export async function awaitEnd(
  attempt: Attempt,
  { algorithm: state, clock, halted, flooded, cause, note, stopMs = TELL_MS }: Waiting,
  signal: AbortSignal,
): Promise<End> {
  const { engine, identity, limits, settings, log } = attempt;
  // It exited while nobody watched: that it took its time to be found is not its fault.
  if (state.kind === 'exited') return { ...(cause ?? { because: halted.aborted ? 'stop' : 'exit' }), isWatched: false };
  const { algorithm } = namesOf(identity);
  const patience = { signal, log };
  const elapsedMs = clock.monotonicMs() - state.sinceMs;
  let connections = 0;
  const exited = retryWhileUnavailable(() => {
    connections += 1;
    return engine.waitForExit(algorithm, signal);
  }, patience);
  using timeLimit = after(limits.maxDurationS * 1_000 - elapsedMs);
  using listening = new DisposableStack();
  using watching = untilLeft();
  const disk = tooMuchDisk(attempt, AbortSignal.any([signal, watching.signal]));
  // Nobody waits for it once the algorithm has ended.
  disk.catch(() => undefined);
  const vanished = missedExit(attempt, AbortSignal.any([signal, watching.signal]));
  vanished.catch(() => undefined);
  const interruptions: readonly Promise<Cause>[] = [
    flooded.then(() => ({ because: 'log' }) as const),
    disk.then((used) => ({ because: 'disk', used }) as const),
    aborted(timeLimit.signal, listening).then(() => ({ because: 'time' }) as const),
    aborted(halted, listening).then(() => ({ because: 'stop' }) as const),
  ];
  const end = await Promise.race([
    exited.then(() => 'exited' as const),
    vanished,
    ...(cause ? [Promise.resolve(cause)] : []),
    ...interruptions,
  ]);
  if (end === 'missed') return { because: halted.aborted ? 'stop' : 'engine', isWatched: false };
  if (end === 'untold') return { ...(cause ?? { because: 'exit' }), isWatched: false };
  if (end === 'exited') return { ...(cause ?? { because: 'exit' }), isWatched: connections === 1 };
  // Of a run that is dropped nothing is noted: another life, or another runner, may go on with it.
  signal.throwIfAborted();
  const { because } = end;
  log.info({ because }, 'stopping the algorithm');
  await note(end);
  // Whoever fills the disk, or keeps the engine busy, gets no time to go on with it.
  const graceS = because === 'disk' || because === 'log' ? 0 : settings.stopGraceS;
  const until = AbortSignal.any([signal, watching.signal]);
  const silent = new Error('the engine does not say that it has stopped a container');
  const bounds = { engine, ms: stopMs + graceS * 1_000, overdue: () => silent, signal: until, log };
  // An engine may say that it could not, and have done it all the same, late: the end is what counts.
  const told = whileAnswering(bounds, async (limited) => {
    await retryWhileUnavailable(() => engine.stopContainer(algorithm, graceS, limited), { signal: limited, log });
    await Promise.race([exited, vanished]);
  });
  told.catch(() => undefined);
  try {
    await Promise.race([exited, vanished, told]);
  } catch (error) {
    if (error !== silent) throw error;
    log.error('the engine answers all else, and does not say that it has stopped the algorithm: it may still run');
    return { ...end, isWatched: false, isUntold: true };
  }
  return { ...end, isWatched: connections === 1 };
}
