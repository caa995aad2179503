/** What a job has in the engine: found by labels, judged by the engine's own word, and removed when nobody needs it any more. */
import { hasCode } from '@capstan/shared/errors';
import type { ContainerState, Engine, Found, Labels } from './engine.ts';
import { identityOf, LABELS, namesOf, type AttemptIdentity } from './names.ts';

/** An attempt that has something in the engine. `algorithm` is absent if its container is not there. */
export interface FoundAttempt {
  readonly identity: AttemptIdentity;
  readonly algorithm: ContainerState | undefined;
}

/** Every attempt of this runner that the engine knows, or of one run of one job. */
export async function findAttempts(
  engine: Engine,
  labels: Labels,
  signal: AbortSignal,
): Promise<readonly FoundAttempt[]> {
  const found = await engine.find(labels, signal);
  const attempts = distinct(found);
  const existing = new Set(found.containers.map(({ name }) => name));
  return Promise.all(
    attempts.map(async (identity) => {
      const { algorithm } = namesOf(identity);
      return { identity, algorithm: existing.has(algorithm) ? await stateOf(engine, algorithm, signal) : undefined };
    }),
  );
}

export const ofRunner = (runnerId: string): Labels => ({ [LABELS.runner]: runnerId });
export const ofRun = ({ runnerId, jobId, run }: Pick<AttemptIdentity, 'runnerId' | 'jobId' | 'run'>): Labels => ({
  [LABELS.runner]: runnerId,
  [LABELS.job]: jobId,
  [LABELS.run]: String(run),
});

/** Leaves nothing of an attempt behind. May be repeated. */
export async function removeAttempt(engine: Engine, identity: AttemptIdentity, signal: AbortSignal): Promise<void> {
  const { algorithm, filter, files, network, outside, volumes } = namesOf(identity);
  // Most jobs have none of these, and their labels say so.
  const isConnected = identity.grant?.network !== false;
  const containers = [algorithm, filter, files, ...(isConnected ? Object.values(network) : [])];
  await Promise.all(containers.map((name) => engine.removeContainer(name, signal)));
  // Before the volumes: as long as one of those is there, the attempt is found again.
  if (isConnected) await engine.removeNetwork(outside, signal);
  const { egress, ...own } = volumes;
  const rest = isConnected ? [...Object.values(own), egress] : Object.values(own);
  await Promise.all(rest.map((name) => engine.removeVolume(name, signal)));
}

async function stateOf(engine: Engine, name: string, signal: AbortSignal): Promise<ContainerState | undefined> {
  try {
    return await engine.inspectContainer(name, signal);
  } catch (error) {
    if (hasCode(error, 'CONTAINER_LOST')) return undefined;
    throw error;
  }
}

function distinct({ containers, volumes }: Found): readonly AttemptIdentity[] {
  const byName = new Map<string, AttemptIdentity>();
  for (const { labels } of [...containers, ...volumes]) {
    const identity = identityOf(labels);
    if (identity) byName.set(namesOf(identity).algorithm, identity);
  }
  return [...byName.values()];
}
