/**
 * What a runner does before it works on jobs: it waits for the engine and for its id, and clears away or finds again what an earlier life
 * has left. All in the background: a runner without an engine or without NATS waits for them, and can still be stopped.
 */
import { hasCode } from '@capstan/shared/contract/errors';
import { serviceGroup, type Service } from '@capstan/shared/runtime/service';
import { labelsOfNode } from './docker/reconcile.ts';
import { retryWhileUnavailable } from './docker/retry-while-unavailable.ts';
import { holdsSizes } from './docker/volume-sizes.ts';
import type { Machine } from './environments/limits.ts';
import type { LeftBehind } from './left-behind.ts';
import type { RunnerParts } from './runner-parts.ts';

/** What the engine and its machine can give. */
export interface KnownEngine {
  readonly machine: Machine;
  readonly holdsVolumeSizes: boolean;
}

interface StartUpOptions extends Pick<RunnerParts, 'bus' | 'identity' | 'settings' | 'ports' | 'claim' | 'log'> {
  readonly left: Pick<LeftBehind, 'find' | 'adopt' | 'isInHand'>;
  /** Aborted by the stop, before anything else is stopped. */
  readonly stopping: AbortController;
  /** What starts then, in its order. */
  readonly whenEngineIsKnown: (engine: KnownEngine) => readonly Service[];
}

export function createStartUp(options: StartUpOptions): Service {
  const { bus, identity, settings, ports, claim, left, stopping, whenEngineIsKnown, log } = options;
  const { engine, notes, captures } = ports;
  const { signal } = stopping;
  let started: Service | undefined;
  let beginning: Promise<void> | undefined;

  const begin = async () => {
    const { version } = await retryWhileUnavailable(() => engine.about(signal), { signal, log });
    log.info({ version }, 'container engine connected');
    await claim.held(signal);
    const machine = await ports.readMachine();
    const holdsVolumeSizes = await holdsSizes(engine, labelsOfNode(identity), { signal, log });
    log.info({ diskQuota: holdsVolumeSizes ? 'hard' : 'measured' }, 'what jobs write is held to their limit');
    await notes.takeStock();
    const unfinished = await left.find();
    // Only now: of runs that are in hand later on, nobody knows here.
    await captures.removeAllBut(unfinished);
    await ports.removeStaleDrafts(left.isInHand);
    signal.throwIfAborted();
    started = serviceGroup(whenEngineIsKnown({ machine, holdsVolumeSizes }));
    for (const found of unfinished) left.adopt(found);
    await started.start();
    await bus.connected(signal);
    const environments = settings.environments.map(({ id }) => id);
    log.info({ runner: identity.id, environments, engine: version }, 'ready');
  };

  return {
    name: 'start-up',
    start() {
      beginning = begin().catch((error: unknown) => {
        // Whoever owns the claim says so, and ends the process.
        if (signal.aborted || hasCode(error, 'RUNNER_ID_TAKEN')) return;
        log.error({ err: error }, 'the runner could not begin');
      });
      return Promise.resolve();
    },
    async stop() {
      stopping.abort();
      await beginning;
      await started?.stop();
    },
  };
}
