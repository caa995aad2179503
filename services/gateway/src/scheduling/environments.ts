/** The environments as clients see them. Source of the fields: the wire contract, §6. */
import type { EnvironmentConfig } from '@capstan/shared/config/environment';
import type { EnvironmentObject } from '@capstan/shared/contract/answers';
import type { Store } from '../store/store.ts';
import type { EnvironmentState, Runners } from './runners.ts';

interface EnvironmentsOptions {
  readonly runners: Runners;
  readonly store: Store;
  /** As the gateway's configuration has them, where it does: whose order is that of the list. */
  readonly configured: readonly Pick<EnvironmentConfig, 'id'>[];
  /** The node's own: what environments fetch from other providers is ordered in its name. */
  readonly consumerAddress: string;
}

export function createEnvironmentList({
  runners,
  store,
  configured,
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
  const places = new Map<string, number>(configured.map(({ id }, place) => [id, place]));
  const placeOf = ({ environment }: EnvironmentState) => places.get(environment.id) ?? places.size;
  /** Clients take the first. */
  const inOrder = (one: EnvironmentState, other: EnvironmentState) =>
    Number(other.isLive) - Number(one.isLive) || placeOf(one) - placeOf(other);
  return () =>
    runners
      .environments()
      .filter(({ isWithdrawn }) => !isWithdrawn)
      .toSorted(inOrder)
      .map(show);
}
