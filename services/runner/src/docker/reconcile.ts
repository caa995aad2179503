/** What a job has in the engine: found by labels, judged by the engine's own word, and removed when nobody needs it any more. */
import { CapstanError, hasCode } from '@capstan/shared/contract/errors';
import { retryWhileAnswering } from './answering.ts';
import type { ContainerState, EngineContainers, Untold } from './ports/containers.ts';
import type { EngineHost, Found } from './ports/host.ts';
import type { Labels } from './labels.ts';
import type { Patience } from './retry-while-unavailable.ts';
import { identityOf, LABELS, labelsOfAttempt, namesOf, type AttemptIdentity, type RunnerIdentity } from './names.ts';
import type { EngineVolumes } from './ports/volumes.ts';
import type { EngineNetworks } from './ports/networks.ts';

/** Whose things these are. */
export type Owner = Pick<RunnerIdentity, 'node' | 'unmarked'>;

/** What a run has things of. */
export type EngineOfRuns = EngineHost & EngineContainers & EngineVolumes & EngineNetworks;

/** An attempt that has something in the engine. `algorithm` is absent if its container is not there. */
export interface FoundAttempt {
  readonly identity: AttemptIdentity;
  readonly algorithm: ContainerState | Untold | undefined;
}

/** How long each container is asked for, as long as the engine answers all else: one that it is stuck with holds nothing else up. */
interface Look extends Patience {
  readonly withinMs: number;
  /** What this life of the runner has made of it is all that there can be. */
  readonly mayRecall?: boolean;
}

/** Every attempt that the engine has of this runner, under whatever id it was. Of what carries no node, those of its ids: they may be another's. */
export async function findAttempts(
  engine: EngineHost & EngineContainers,
  owner: Owner,
  look: Look,
): Promise<readonly FoundAttempt[]> {
  return lookAt(engine, await findAll(engine, owner, look.signal), look);
}

type RunOfOwner = Pick<Owner, 'node'> & Pick<AttemptIdentity, 'jobId' | 'run'>;

/** Every attempt at one run. Whose command we have is ours, also where nothing says so. */
export async function findAttemptsAt(
  engine: EngineHost & EngineContainers,
  run: RunOfOwner,
  look: Look,
): Promise<readonly FoundAttempt[]> {
  return lookAt(engine, [await findAt(engine, run, look)], look);
}

/** The same of a run of which nothing goes on, whatever its containers do. */
export async function findGoneAt(
  engine: EngineHost & EngineContainers,
  run: RunOfOwner,
  look: Pick<Look, 'signal' | 'mayRecall'>,
): Promise<readonly FoundAttempt[]> {
  return distinct([await findAt(engine, run, look)]).map((identity) => ({ identity, algorithm: undefined }));
}

async function findAt(
  engine: Pick<EngineHost, 'find'>,
  { node, jobId, run }: RunOfOwner,
  { signal, mayRecall = false }: Pick<Look, 'signal' | 'mayRecall'>,
): Promise<Found> {
  const found = await engine.find({ [LABELS.job]: jobId, [LABELS.run]: String(run) }, signal, { mayRecall });
  return only(found, (labels) => isUnmarked(labels) || labels[LABELS.node] === node);
}

/** The attempts of which the engine has a container or a volume that this node made, now or before it marked them. Networks go first. */
export async function findRuns(
  engine: Pick<EngineHost, 'find'>,
  owner: Owner,
  signal: AbortSignal,
): Promise<readonly AttemptIdentity[]> {
  return distinct(await findAll(engine, owner, signal));
}

async function findAll(engine: Pick<EngineHost, 'find'>, owner: Owner, signal: AbortSignal): Promise<readonly Found[]> {
  const [marked, ...unmarked] = await Promise.all([
    engine.find(labelsOfNode(owner), signal),
    ...owner.unmarked.map((id) => engine.find({ [LABELS.runner]: id }, signal)),
  ]);
  return [marked, ...unmarked.map((found) => only(found, isUnmarked))];
}

async function lookAt(
  engine: EngineHost & EngineContainers,
  all: readonly Found[],
  look: Look,
): Promise<readonly FoundAttempt[]> {
  const attempts = distinct(all);
  const existing = new Set(all.flatMap(({ containers }) => containers.map(({ name }) => name)));
  return Promise.all(
    attempts.map(async (identity) => {
      const { algorithm } = namesOf(identity);
      return { identity, algorithm: existing.has(algorithm) ? await stateOf(engine, algorithm, look) : undefined };
    }),
  );
}

export const labelsOfNode = ({ node }: Pick<Owner, 'node'>): Labels => ({ [LABELS.node]: node });

const isUnmarked = (labels: Labels) => !labels[LABELS.node];

const only = ({ containers, volumes }: Found, isMeant: (labels: Labels) => boolean): Found => ({
  containers: containers.filter(({ labels }) => isMeant(labels)),
  volumes: volumes.filter(({ labels }) => isMeant(labels)),
});

/** Leaves nothing of an attempt behind. May be repeated. Throws ENGINE_REFUSED if the engine keeps some of it; the rest is gone then. */
export async function removeAttempt(
  engine: EngineOfRuns,
  identity: AttemptIdentity,
  signal: AbortSignal,
): Promise<void> {
  const { algorithm, filter, files, network, outside, volumes } = namesOf(identity);
  // An image may have wanted more volumes than all have.
  const found = await engine.find(labelsOfAttempt(identity), signal, { mayRecall: true });
  const theirs = only(found, (labels) => identityOf(labels)?.node === identity.node);
  // Most jobs have none of these, and their labels say so.
  const isConnected = identity.grant?.network !== false;
  const containers = new Set([
    algorithm,
    files,
    ...(identity.isFiltered ? [filter] : []),
    ...(isConnected ? Object.values(network) : []),
    ...theirs.containers.map(({ name }) => name),
  ]);
  const kept = createKept();
  await Promise.all([...containers].map((name) => kept.unless(engine.removeContainer(name, signal))));
  // Before the volumes: as long as one of those is there, the attempt is found again.
  if (isConnected) await kept.unless(engine.removeNetwork(outside, signal));
  const { egress, ...own } = volumes;
  const rest = new Set([...Object.values(own), ...theirs.volumes.map(({ name }) => name)]);
  if (isConnected) rest.add(egress);
  await Promise.all([...rest].map((name) => kept.unless(engine.removeVolume(name, signal))));
  kept.tell();
}

/** What is refused keeps nothing else from going. */
function createKept() {
  const refusals: Error[] = [];
  return {
    async unless(removal: Promise<void>): Promise<void> {
      try {
        await removal;
      } catch (error) {
        if (!hasCode(error, 'ENGINE_REFUSED')) throw error;
        refusals.push(error);
      }
    },
    tell(): void {
      const [first] = refusals;
      if (first) throw first;
    },
  };
}

async function stateOf(
  engine: EngineHost & EngineContainers,
  name: string,
  { withinMs, signal, log }: Look,
): Promise<ContainerState | Untold | undefined> {
  const silent = new CapstanError('ENGINE_REFUSED', `The container engine does not say how ${name} is.`);
  try {
    return await retryWhileAnswering({ engine, ms: withinMs, overdue: () => silent, signal, log }, (limited) =>
      engine.inspectContainer(name, limited),
    );
  } catch (error) {
    if (hasCode(error, 'CONTAINER_LOST')) return undefined;
    if (error !== silent) throw error;
    log.error({ container: name }, 'the engine answers all else, and not how this container is: somebody must act');
    return { kind: 'untold' };
  }
}

function distinct(all: readonly Found[]): readonly AttemptIdentity[] {
  const byName = new Map<string, AttemptIdentity>();
  for (const { labels } of all.flatMap(({ containers, volumes }) => [...containers, ...volumes])) {
    const identity = identityOf(labels);
    if (identity) byName.set(namesOf(identity).algorithm, identity);
  }
  return [...byName.values()];
}
