/** What was seen of an engine, as the auditor wants it, PURE. */
import type { EnvironmentId, JobId } from '@capstan/shared/contract/ids';
import type { Observed, ObservedStart, ObservedStartOfJob } from '../observed.ts';
import type { EngineEntry } from './entries.ts';

const MACHINE = 'the engine';

export function seenOfEngine(
  entries: readonly EngineEntry[],
  deletedAt: ReadonlyMap<JobId, number>,
): Pick<Observed, 'starts' | 'lost' | 'leftovers' | 'peaks' | 'goneMachines' | 'isShared' | 'overlaps'> {
  const starts: ObservedStartOfJob[] = [];
  const lost: ObservedStart[] = [];
  const leftovers: string[] = [];
  const limits = new Map<EnvironmentId, number>();
  const peaks = new Map<EnvironmentId, number>();
  const running = new Map<string, EnvironmentId>();

  for (const entry of entries) {
    switch (entry.type) {
      case 'started': {
        const { jobId, run, attempt, container, environment, atMs } = entry;
        const isOfDeleted = atMs > (deletedAt.get(jobId) ?? Infinity);
        starts.push({ jobId, run, attempt, machine: MACHINE, isOfDeleted });
        running.set(container, environment);
        const now = [...running.values()].filter((other) => other === environment).length;
        peaks.set(environment, Math.max(now, peaks.get(environment) ?? 0));
        break;
      }
      case 'ended':
        running.delete(entry.container);
        break;
      case 'engine up':
        for (const name of running.keys()) if (!entry.running.includes(name)) running.delete(name);
        break;
      case 'lost': {
        const { jobId, run, attempt } = entry;
        lost.push({ jobId, run, attempt, machine: MACHINE });
        break;
      }
      case 'environment':
        limits.set(entry.environment, entry.maxJobs);
        break;
      case 'left':
        leftovers.push(...entry.names);
        break;
    }
  }
  return {
    starts,
    lost,
    leftovers,
    // One engine, one runner, for good.
    goneMachines: [],
    isShared: false,
    overlaps: [],
    peaks: [...limits].map(([environment, limit]) => ({ environment, limit, running: peaks.get(environment) ?? 0 })),
  };
}
