/** The exit of a container that the engine never tells of. */
import { hasCode } from '@capstan/shared/contract/errors';
import { namesOf } from '../../docker/names.ts';
import { pause } from '../../docker/pause.ts';
import type { Attempt } from '../attempt.ts';
import type { EngineContainers } from '../../docker/ports/containers.ts';

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

async function lookAt(
  engine: EngineContainers,
  name: string,
  signal: AbortSignal,
): Promise<'missed' | 'untold' | undefined> {
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
