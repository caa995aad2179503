/** Starts the algorithm, once, and waits until it doesn't run any more: by itself, by a stop, by its time limit, or by what it writes. */
import type { Clock } from '@capstan/shared/runtime/clock';
import { CapstanError } from '@capstan/shared/contract/errors';
import { answeredFor, TELL_MS, whileAnswering } from '../../docker/answering.ts';
import type { Engine, StartedState } from '../../docker/engine.ts';
import { retryWhileUnavailable, retryWhileRefused, type Patience } from '../../docker/retry-while-unavailable.ts';
import { namesOf } from '../../docker/names.ts';
import type { Ours } from '../../docker/ours.ts';
import type { Attempt } from '../attempt.ts';
import { tooMuchDisk } from '../disk-limit.ts';
import type { Cause, Outcome } from '../ending.ts';
import { missedExit } from './exit.ts';

/** Whether a container may have been started by a call of an earlier life of the runner. */
export type StartHistory = 'new' | 'perhaps started';

interface AlgorithmStart {
  readonly ours: Ours;
  readonly history: StartHistory;
  /** Aborts when the algorithm shall stop. */
  readonly halted: AbortSignal;
}

/** Throws START_REFUSED, or START_UNKNOWN. */
export function startAlgorithm(
  { engine, identity, log }: Attempt,
  { history, halted }: AlgorithmStart,
  signal: AbortSignal,
): Promise<void> {
  return startOnce(engine, namesOf(identity).algorithm, { history, halted, signal, log });
}

/** What an engine may take for a start, as long as it answers all else: under load some take minutes. */
const START_MS = 600_000;
/** The same once it shall stop. */
const HALTED_START_MS = 20_000;
const NEVER = new AbortController().signal;

interface Start extends Patience {
  readonly history?: StartHistory;
  readonly halted?: AbortSignal;
  readonly withinMs?: number;
}

/**
 * When it resolves, the container has been started exactly once, whatever the connection went through. Throws START_REFUSED; and
 * START_UNKNOWN where the engine does not say in time: then it may run, or start later, and is never started again.
 */
export async function startOnce(
  engine: Engine,
  name: string,
  { history = 'new', halted = NEVER, withinMs = START_MS, signal, log }: Start,
): Promise<void> {
  let isNew = history === 'new';
  const start = (limited: AbortSignal) =>
    retryWhileRefused(
      'START_REFUSED',
      async () => {
        if (!isNew && (await engine.inspectContainer(name, limited)).kind !== 'created') return;
        isNew = false;
        await engine.startContainer(name, limited);
      },
      { signal: limited, log },
    );
  const overdue = () =>
    new CapstanError(
      'START_UNKNOWN',
      'The container engine did not say whether it has started the algorithm, so nobody knows whether it ran.',
    );
  await whileAnswering({ engine, ms: withinMs, signal, overdue }, async (limited) => {
    using listening = new DisposableStack();
    using waiting = aborting();
    const stopped = aborted(halted, listening).then(() =>
      answeredFor({ engine, ms: HALTED_START_MS, signal: AbortSignal.any([limited, waiting.signal]) }),
    );
    const late = stopped.then(() => {
      throw overdue();
    });
    late.catch(() => undefined);
    await Promise.race([start(limited), late]);
  });
}

/** A started algorithm, and since when: in monotonic milliseconds, for the clock on the wall may jump while it runs. */
export interface Started {
  readonly kind: StartedState['kind'];
  readonly sinceMs: number;
}

/** As the engine tells of one that an earlier life of the runner started: how long ago that is, only the clock on the wall can say. */
export function startedBefore({ kind, startedAt }: StartedState, clock: Clock): Started {
  return { kind, sinceMs: clock.monotonicMs() - Math.max(0, clock.now() - startedAt) };
}

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
  using watching = aborting();
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

/** A signal that aborts when it is left. */
function aborting(): Disposable & { readonly signal: AbortSignal } {
  const controller = new AbortController();
  return { signal: controller.signal, [Symbol.dispose]: () => controller.abort() };
}

/** The longest delay that a timer of Node takes. */
const MAX_DELAY_MS = 2 ** 31 - 1;

/** A signal that aborts after a time, however long. */
function after(delayMs: number): Disposable & { readonly signal: AbortSignal } {
  const controller = new AbortController();
  let left = delayMs;
  let timer: NodeJS.Timeout | undefined;
  const arm = () => {
    if (left <= 0) return controller.abort();
    const next = Math.min(left, MAX_DELAY_MS);
    left -= next;
    timer = setTimeout(arm, next);
  };
  arm();
  return { signal: controller.signal, [Symbol.dispose]: () => clearTimeout(timer) };
}

function aborted(signal: AbortSignal, listening: DisposableStack): Promise<void> {
  return new Promise((resolve) => {
    const tell = () => resolve();
    if (signal.aborted) return tell();
    signal.addEventListener('abort', tell, { once: true });
    listening.defer(() => signal.removeEventListener('abort', tell));
  });
}
