/** The environments as clients see them. Source of the fields: the wire contract, §6. */
import type { EnvironmentObject } from '@capstan/shared/contract/answers';
import type { Store } from '../store/store.ts';
import type { EnvironmentState, Runners } from './runners.ts';

interface EnvironmentsOptions {
  readonly runners: Runners;
  readonly store: Store;
  /** The node's own: what environments fetch from other providers is ordered in its name. */
  readonly consumerAddress: string;
}

export function createEnvironmentList({
  runners,
  store,
  consumerAddress,
}: EnvironmentsOptions): () => readonly EnvironmentObject[] {
  const show = ({ environment, isLive, runningJobs, lastSeen }: EnvironmentState): EnvironmentObject => ({
    ...environment,
    // One thing under two names: the page's, and ocean.js's.
    cpuNumber: environment.nCPU,
    gpuNumber: environment.nGPU,
    consumerAddress,
    currentJobs: runningJobs,
    queuedJobs: store.queue.countWaiting(environment.id),
    lastSeen: lastSeen / 1000,
    available: isLive,
  });
  return () => runners.environments().map(show);
}
