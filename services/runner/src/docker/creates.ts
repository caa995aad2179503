/**
 * What is being made in the engine. A job that is stopped gives up what it waits for, but an engine goes on with a call that it has begun:
 * what it makes then is seen by nobody who looked before. So calls that make something go on here, too, whoever gave them up, and whoever
 * looks for what there is of a run is answered when nothing of it is being made any more.
 */
import { unlessAborted } from '@capstan/shared/runtime/unless-aborted';
import type { Engine } from './engine.ts';
import type { Labels } from './labels.ts';
import { LABELS } from './names.ts';

/** Each call has a limit of its own; nothing else ends it. */
const NEVER = new AbortController().signal;

export function createsBeforeFinds(engine: Engine): Engine {
  /** By run. */
  const underway = new Map<string, Set<Promise<unknown>>>();
  const runOf = ({ [LABELS.job]: jobId, [LABELS.run]: run }: Labels) =>
    jobId === undefined || run === undefined ? undefined : `${jobId}.${run}`;

  const watch = (labels: Labels, signal: AbortSignal, make: (signal: AbortSignal) => Promise<void>): Promise<void> => {
    const run = runOf(labels);
    if (run === undefined) return make(signal);
    if (signal.aborted) return Promise.reject(signal.reason as Error);
    const making = make(NEVER);
    const all = underway.get(run) ?? new Set();
    underway.set(run, all.add(making));
    const forget = () => {
      all.delete(making);
      if (all.size === 0) underway.delete(run);
    };
    making.then(forget, forget);
    return unlessAborted(making, signal);
  };

  return {
    ...engine,
    createVolume: (name, labels, signal) => watch(labels, signal, (never) => engine.createVolume(name, labels, never)),
    createContainer: (spec, signal) => watch(spec.labels, signal, (never) => engine.createContainer(spec, never)),
    createAlgorithm: (ours, spec, signal) =>
      watch(spec.labels, signal, (never) => engine.createAlgorithm(ours, spec, never)),
    createNetwork: (name, labels, signal) =>
      watch(labels, signal, (never) => engine.createNetwork(name, labels, never)),
    async find(labels, signal, how) {
      const making = [...(underway.get(runOf(labels) ?? '') ?? [])];
      if (making.length > 0) await unlessAborted(Promise.allSettled(making), signal);
      return engine.find(labels, signal, how);
    },
  };
}
