/**
 * How a container exited, and whether that is the program's own doing. An engine that ends stops what runs, one that comes back buries
 * what it finds dead under a number of its own: what such an exit says is about the engine. So an exit counts where the engine that answers
 * now was there when it happened, and was not ending.
 */
import { CapstanError, hasCode } from '@capstan/shared/contract/errors';
import { TELL_MS, whileAnswering } from '../../docker/answering.ts';
import type { ContainerState, Engine, Exit } from '../../docker/engine.ts';
import { retryWhileUnavailable, type Patience } from '../../docker/retry-while-unavailable.ts';
import { pause } from '../../docker/pause.ts';
import { namesOf } from '../../docker/names.ts';

import type { Attempt } from '../attempt.ts';

/** How a container ended; `unknown` if the engine's own end fell into it, `untold` if it answers all else and not this. */
export type KnownExit = Exit | 'unknown' | 'untold';

interface Asked extends Patience {
  readonly name: string;
  /** The engine answered all the while, as far as the runner could see. */
  readonly isWatched: boolean;
  readonly withinMs?: number;
}

/** Kills come by 128 and more; where everything on a machine is killed at once, the engine may come last. */
const FIRST_SIGNAL_CODE = 128;
const STAYS_MS = 1_000;

/** Of a container that doesn't run, or won't for long. */
export async function readExit(engine: Engine, { withinMs = TELL_MS, signal, ...asked }: Asked): Promise<KnownExit> {
  const silent = new CapstanError('ENGINE_REFUSED', 'The container engine does not say how a container ended.');
  try {
    return await whileAnswering({ engine, ms: withinMs, overdue: () => silent, signal }, (limited) =>
      askForExit(engine, { ...asked, signal: limited }),
    );
  } catch (error) {
    if (error !== silent) throw error;
    asked.log.error({ container: asked.name }, 'the engine answers all else, and not how this container ended');
    return 'untold';
  }
}

async function askForExit(engine: Engine, { name, isWatched, ...patience }: Asked): Promise<KnownExit> {
  const { signal } = patience;
  for (;;) {
    const state = await retryWhileUnavailable(() => engine.inspectContainer(name, signal), patience);
    if (state.kind !== 'exited') {
      await retryWhileUnavailable(() => engine.waitForExit(name, signal), patience);
      continue;
    }
    const { exitCode, isOutOfMemory } = state.exit;
    if (exitCode >= FIRST_SIGNAL_CODE && !isOutOfMemory) await pause(STAYS_MS, signal);
    const upSince = await retryWhileUnavailable(() => engine.upSince(signal), patience);
    return wasSeen(state, { upSince, isWatched }) ? state.exit : 'unknown';
  }
}

/** PURE. */
export function wasSeen(
  { finishedAt }: Pick<Extract<ContainerState, { kind: 'exited' }>, 'finishedAt'>,
  { upSince, isWatched }: { readonly upSince: number | undefined; readonly isWatched: boolean },
): boolean {
  if (upSince === undefined) return isWatched;
  return finishedAt >= upSince;
}

const LOOK_EVERY_MS = 15_000;
const LOOK_AGAIN_MS = 3_000;

/**
 * Resolves once the engine calls a container running in which nothing runs: its exit was missed, and it will never be told. Or once it
 * says of one that has exited, while whoever waits for that still waits: `untold`. Looked for twice, since an exit that was just noticed
 * looks the same. Rejects only when `signal` aborts.
 */
export async function missedExit(
  { engine, identity, log }: Pick<Attempt, 'engine' | 'identity' | 'log'>,
  signal: AbortSignal,
  { everyMs = LOOK_EVERY_MS, againMs = LOOK_AGAIN_MS } = {},
): Promise<'missed' | 'untold'> {
  const { algorithm } = namesOf(identity);
  let before: 'missed' | 'untold' | undefined;
  for (;;) {
    await pause(before === undefined ? everyMs : againMs, signal);
    const now = await lookAt(engine, algorithm, signal);
    if (now !== undefined && now === before) {
      log.warn({ exit: now }, 'the engine has not told of the exit of a container');
      return now;
    }
    before = now;
  }
}

async function lookAt(engine: Engine, name: string, signal: AbortSignal): Promise<'missed' | 'untold' | undefined> {
  try {
    const { kind } = await engine.inspectContainer(name, signal);
    if (kind === 'exited') return 'untold';
    return kind === 'running' && !(await engine.hasProcess(name, signal)) ? 'missed' : undefined;
  } catch (error) {
    signal.throwIfAborted();
    // Whoever waits for its exit hears of both.
    if (hasCode(error, 'ENGINE_UNAVAILABLE', 'CONTAINER_LOST')) return undefined;
    throw error;
  }
}
