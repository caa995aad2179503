/**
 * How a container exited, and whether that is the program's own doing. An engine that ends stops what runs, one that comes back buries
 * what it finds dead under a number of its own: what such an exit says is about the engine. So an exit counts where the engine that answers
 * now was there when it happened, and was not ending.
 */
import { CapstanError, messageOf } from '@capstan/shared/contract/errors';
import { TELL_MS, whileAnswering } from '../../docker/answering.ts';
import type { ContainerState, EngineContainers } from '../../docker/ports/containers.ts';
import { retryWhileUnavailable, type Patience } from '../../docker/retry-while-unavailable.ts';
import { pause } from '../../docker/pause.ts';
import { namesOf } from '../../docker/names.ts';
import type { AttemptContext } from '../attempt-context.ts';
import type { KnownExit, Outcome } from '../ending.ts';
import type { Step } from '../step.ts';
import { startAgain } from './again.ts';
import type { Waited } from './wait.ts';
import type { EngineHost } from '../../docker/ports/host.ts';

export interface Exited {
  readonly outcome: Outcome;
}

/** Notes it, unless an earlier life of the runner has. Throws CONTAINER_LOST where the attempt is to be begun again. */
export const exit: Step<AttemptContext & Waited, Exited> = {
  name: 'exit',
  until: 'dropped',
  async run(context, signal) {
    const outcome = await outcomeOf(context, signal);
    if (outcome.exit === 'unknown' && mayBeginAgain(outcome))
      await startAgain(context.attempt, context.parts.marks, signal);
    return { outcome };
  },
};

/** What was stopped for another reason has its ending, however it exited. */
const mayBeginAgain = ({ because }: Outcome) => because === 'exit' || because === 'time' || because === 'engine';

async function outcomeOf({ attempt, parts, end }: AttemptContext & Waited, signal: AbortSignal): Promise<Outcome> {
  if (end.kind === 'noted') return end.outcome;
  const { identity, engine, log } = attempt;
  const { isWatched, isUntold, ...why } = end.end;
  const { algorithm: name } = namesOf(identity);
  const known =
    why.because === 'engine'
      ? 'unknown'
      : isUntold
        ? 'untold'
        : await readExit(engine, { name, isWatched, signal, log });
  const outcome = { ...why, exit: known };
  // A disk that does not take the note costs an attempt at most, and only where the engine ends before the results are published.
  if (known !== 'unknown' && known !== 'untold')
    await parts.marks.writeEnd(identity, identity.attempt, outcome).catch((error: unknown) => {
      log.warn({ problem: messageOf(error) }, 'how an algorithm ended could not be noted');
    });
  return outcome;
}

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
export async function readExit(
  engine: EngineHost & EngineContainers,
  { withinMs = TELL_MS, signal, ...asked }: Asked,
): Promise<KnownExit> {
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

async function askForExit(
  engine: EngineHost & EngineContainers,
  { name, isWatched, ...patience }: Asked,
): Promise<KnownExit> {
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
