/**
 * Measures what a job has written, again and again while it runs, since most file systems can't hold it to a size. So it may write more
 * than its limit by as much as it can write between two looks.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { hasCode } from '@capstan/shared/errors';
import type { Engine } from '../docker/engine.ts';
import { namesOf } from '../docker/names.ts';
import type { Attempt } from './attempt.ts';

const INTERVAL_MS = 500;
/** Where measuring itself takes long, it is a tenth of the time. */
const COST_FACTOR = 9;

/** Resolves to the bytes once they are too many. Rejects only when `signal` aborts. */
export async function tooMuchDisk(
  { engine, identity, limits, log }: Pick<Attempt, 'engine' | 'identity' | 'limits' | 'log'>,
  signal: AbortSignal,
): Promise<number> {
  const { outputs, logs } = namesOf(identity).volumes;
  let isKnown = true;
  for (;;) {
    const before = performance.now();
    const usedBytes = await measured(engine, { volumes: [outputs, logs], enough: limits.diskBytes }, signal);
    if (usedBytes !== undefined && usedBytes > limits.diskBytes) return usedBytes;
    if (usedBytes === undefined && isKnown) log.warn('what the job writes can not be measured while it runs');
    isKnown = usedBytes !== undefined;
    const costMs = performance.now() - before;
    await pause(Math.max(INTERVAL_MS, costMs * COST_FACTOR), undefined, { signal });
  }
}

async function measured(
  engine: Engine,
  wanted: { readonly volumes: readonly string[]; readonly enough: number },
  signal: AbortSignal,
): Promise<number | undefined> {
  try {
    return await engine.diskUsage(wanted.volumes, wanted.enough, signal);
  } catch (error) {
    signal.throwIfAborted();
    // An engine that is away for a moment is asked again at the next look.
    if (hasCode(error, 'ENGINE_UNAVAILABLE')) return undefined;
    throw error;
  }
}
