/** Mistakes of a runner, put into its ports and into what it knows of whose an attempt is. */
import type { Exit } from '../../../services/runner/src/docker/ports/containers.ts';
import { LABELS } from '../../../services/runner/src/docker/names.ts';
import { grant } from '../../../services/runner/src/docker/ours.ts';
import type { StartOwnership } from '../../../services/runner/src/worker/start-ownership.ts';
import type { SimulatedPorts } from './wiring.ts';

/** Takes a container that has exited for one that was never there. */
export const forgetsExited = ({ engine, results, marks }: SimulatedPorts): SimulatedPorts => ({
  engine: {
    ...engine,
    async find(labels, signal) {
      const { containers, volumes } = await engine.find(labels, signal);
      const states = await Promise.all(
        containers.map(async (container) => {
          const state = await engine.inspectContainer(container.name, signal).catch(() => undefined);
          return state?.kind === 'exited' ? undefined : container;
        }),
      );
      return { containers: states.filter((container) => container !== undefined), volumes };
    },
  },
  results,
  marks: { ...marks, read: () => Promise.resolve(0) },
});

/** Starts what it was sent, and asks nobody. */
export const asksNobody = (ownership: StartOwnership): StartOwnership => ({
  ...ownership,
  claimStart: (claim) => Promise.resolve(grant(claim)),
});

/** Goes on with what another runner has, without waiting until that one has ended it. */
export const waitsForNoLease = (ownership: StartOwnership): StartOwnership => ({
  ...ownership,
  async standing(command, signal) {
    const found = await ownership.standing(command, signal);
    return found.kind === 'theirs' ? { kind: 'ours', attemptsElsewhere: found.attempt } : found;
  },
});

/** Makes the container of a new attempt under the number of the one before. */
export const underOldAttempt = (ports: SimulatedPorts): SimulatedPorts => ({
  ...ports,
  engine: {
    ...ports.engine,
    createAlgorithm(ours, spec, signal) {
      const attempt = Math.max(1, ours.attempt - 1);
      const labels = { ...spec.labels, [LABELS.attempt]: String(attempt) };
      return ports.engine.createAlgorithm(grant({ ...ours, attempt }), { ...spec, labels }, signal);
    },
  },
});

/** Remembers how a container exited by its run, and takes that for the exit of the container of a later attempt. */
export function readsOlderExit(ports: SimulatedPorts): SimulatedPorts {
  const first = new Map<string, Exit>();
  return {
    ...ports,
    engine: {
      ...ports.engine,
      async inspectContainer(name, signal) {
        const state = await ports.engine.inspectContainer(name, signal);
        if (state.kind !== 'exited') return state;
        const [, jobId, run] = name.split('-');
        const exit = first.get(`${jobId}.${run}`) ?? state.exit;
        first.set(`${jobId}.${run}`, exit);
        return { ...state, exit };
      },
    },
  };
}
