/** Starts the algorithm, once, and waits until it doesn't run any more: by itself, by a stop, by its time limit, or by what it writes. */
import type { Clock } from '@capstan/shared/clock';
import type { Engine, Exit, StartedState } from '../../docker/engine.ts';
import { insist, insistAgainst, type Patience } from '../../docker/insist.ts';
import { namesOf } from '../../docker/names.ts';
import type { Attempt } from '../attempt.ts';
import { tooMuchDisk } from '../disk-watch.ts';
import type { Outcome } from '../ending.ts';

/** Whether a container may have been started by a call of an earlier life of the runner. */
export type StartHistory = 'new' | 'perhaps started';

/** Throws START_REFUSED. */
export function startAlgorithm(
  { engine, identity, log }: Attempt,
  history: StartHistory,
  signal: AbortSignal,
): Promise<void> {
  return startOnce(engine, namesOf(identity).algorithm, { history, signal, log });
}

/** When it resolves, the container has been started exactly once, whatever the connection went through. Throws START_REFUSED. */
export async function startOnce(
  engine: Engine,
  name: string,
  { history = 'new', ...patience }: Patience & { readonly history?: StartHistory },
): Promise<void> {
  const { signal } = patience;
  let isNew = history === 'new';
  await insistAgainst(
    'START_REFUSED',
    async () => {
      if (!isNew && (await engine.inspectContainer(name, signal)).kind !== 'created') return;
      isNew = false;
      await engine.startContainer(name, signal);
    },
    patience,
  );
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

export interface Waiting {
  readonly algorithm: Started;
  readonly clock: Clock;
  /** Aborts when it shall stop. */
  readonly halted: AbortSignal;
}

/** Resolves, to why, once the algorithm does not run any more. How it exited is another question to the engine, which may take its time. */
export async function awaitEnd(
  attempt: Attempt,
  { algorithm: state, clock, halted }: Waiting,
  signal: AbortSignal,
): Promise<Omit<Outcome, 'exit'>> {
  const { engine, identity, limits, settings, log } = attempt;
  // It exited while nobody watched: that it took its time to be found is not its fault.
  if (state.kind === 'exited') return { because: halted.aborted ? 'stop' : 'exit' };
  const { algorithm } = namesOf(identity);
  const patience = { signal, log };
  const elapsedMs = clock.monotonicMs() - state.sinceMs;
  const exited = insist(() => engine.waitForExit(algorithm, signal), patience);
  using timeLimit = after(limits.maxDurationS * 1_000 - elapsedMs);
  using listening = new DisposableStack();
  using watching = aborting();
  const disk = tooMuchDisk(attempt, AbortSignal.any([signal, watching.signal]));
  // Nobody waits for it once the algorithm has ended.
  disk.catch(() => undefined);
  const interruption = Promise.race([
    disk.then((usedBytes) => ({ kind: 'disk', usedBytes }) as const),
    aborted(timeLimit.signal, listening).then(() => ({ kind: 'time' }) as const),
    aborted(halted, listening).then(() => ({ kind: 'stop' }) as const),
  ]);
  const end = await Promise.race([exited.then(() => ({ kind: 'exit' }) as const), interruption]);
  if (end.kind !== 'exit') {
    log.info({ because: end.kind }, 'stopping the algorithm');
    // Whoever fills the disk gets no time to go on with it.
    const graceS = end.kind === 'disk' ? 0 : settings.stopGraceS;
    await insist(() => engine.stopContainer(algorithm, graceS, signal), patience);
    await exited;
  }
  return end.kind === 'disk' ? { because: end.kind, usedBytes: end.usedBytes } : { because: end.kind };
}

/** How the algorithm exited that doesn't run any more. */
export function readAlgorithmExit({ engine, identity, log }: Attempt, signal: AbortSignal): Promise<Exit> {
  return readExit(engine, namesOf(identity).algorithm, { signal, log });
}

/** How a container ended that doesn't run, or won't for long. */
export async function readExit(engine: Engine, name: string, patience: Patience): Promise<Exit> {
  for (;;) {
    const state = await insist(() => engine.inspectContainer(name, patience.signal), patience);
    if (state.kind === 'exited') return state.exit;
    await insist(() => engine.waitForExit(name, patience.signal), patience);
  }
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
