/**
 * How a container exited, and whether that is the program's own doing. An engine that ends stops what runs, one that comes back buries
 * what it finds dead under a number of its own: what such an exit says is about the engine. So an exit counts where the engine that answers
 * now was there when it happened, and was not ending.
 */
import { hasCode } from '@capstan/shared/contract/errors';
import type { ContainerState, Engine, Exit } from '../../docker/engine.ts';
import { insist, type Patience } from '../../docker/retry-while-unavailable.ts';
import { pause } from '../../docker/pause.ts';
import { namesOf } from '../../docker/names.ts';

import type { Attempt } from '../attempt.ts';

/** How a container ended; `unknown` if the engine's own end fell into it. */
export type KnownExit = Exit | 'unknown';

interface Asked extends Patience {
  readonly name: string;
  /** The engine answered all the while, as far as the runner could see. */
  readonly isWatched: boolean;
}

/** Kills come by 128 and more; where everything on a machine is killed at once, the engine may come last. */
const FIRST_SIGNAL_CODE = 128;
const STAYS_MS = 1_000;

/** Of a container that doesn't run, or won't for long. */
export async function readExit(engine: Engine, { name, isWatched, ...patience }: Asked): Promise<KnownExit> {
  const { signal } = patience;
  for (;;) {
    const state = await insist(() => engine.inspectContainer(name, signal), patience);
    if (state.kind !== 'exited') {
      await insist(() => engine.waitForExit(name, signal), patience);
      continue;
    }
    const { exitCode, isOutOfMemory } = state.exit;
    if (exitCode >= FIRST_SIGNAL_CODE && !isOutOfMemory) await pause(STAYS_MS, signal);
    const upSince = await insist(() => engine.upSince(signal), patience);
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
 * Resolves once the engine calls a container running in which nothing runs: its exit was missed, and it will never be told. Looked for
 * twice, since an exit that was just noticed looks the same. Rejects only when `signal` aborts.
 */
export async function missedExit(
  { engine, identity, log }: Pick<Attempt, 'engine' | 'identity' | 'log'>,
  signal: AbortSignal,
): Promise<void> {
  const { algorithm } = namesOf(identity);
  let misses = 0;
  while (misses < 2) {
    await pause(misses === 0 ? LOOK_EVERY_MS : LOOK_AGAIN_MS, signal);
    misses = (await isHollow(engine, algorithm, signal)) ? misses + 1 : 0;
  }
  log.warn('the engine calls a container running in which nothing runs: it has missed its exit');
}

async function isHollow(engine: Engine, name: string, signal: AbortSignal): Promise<boolean> {
  try {
    if (await engine.hasProcess(name, signal)) return false;
    return (await engine.inspectContainer(name, signal)).kind === 'running';
  } catch (error) {
    signal.throwIfAborted();
    // Whoever waits for its exit hears of both.
    if (hasCode(error, 'ENGINE_UNAVAILABLE', 'CONTAINER_LOST')) return false;
    throw error;
  }
}
