/** One schedule from its beginning to its end: the actions, then peace, and then the auditor. */
import type { EnvironmentId } from '@capstan/shared/contract/ids';
import { isEnding } from '@capstan/shared/contract/status';
import { audit, sha256Of } from '../support/audit/audit.ts';
import type { Observed, ObservedStart, Violation } from '../support/audit/observed.ts';
import { identityOf } from '../../services/runner/src/docker/names.ts';
import { OWNERS, type Schedule } from './actions.ts';
import { perform } from './perform.ts';
import { SOUND, type Wiring } from './planted/wiring.ts';
import { createConsumer, type Consumer } from './parts/consumer.ts';
import { createDatabases, type Databases } from './parts/databases.ts';
import { createNode, ENVIRONMENT, EPOCH_MS, type Node } from './parts/node.ts';
import { simulatedGlobals } from './world/ambient.ts';
import { createWorld } from './world/world.ts';

export interface Outcome {
  readonly violations: readonly Violation[];
  /** Readable, one line for each thing that happened. */
  readonly trace: readonly string[];
  /** What of the schedule came about. */
  readonly jobs: number;
  readonly simulatedMs: number;
}

interface Options {
  readonly wiring?: Wiring;
  /** Also what processes log. */
  readonly isLogged?: boolean;
  /** For whoever simulates many. */
  readonly databases?: Databases;
}

const START_LIMIT_MS = 60_000;
/** Longer than anything may be held up: by then, everything that can come to an end has. */
const PEACE_LIMIT_MS = 15 * 60_000;
/** After the end, for what is still to be cleared away. */
const GRACE_MS = 30_000;

export async function simulate(
  { chance, runners, actions }: Schedule,
  { wiring = SOUND, isLogged = false, databases = createDatabases() }: Options = {},
): Promise<Outcome> {
  using globals = simulatedGlobals();
  globals.install();
  const world = createWorld(chance);
  const node = createNode({ world, db: databases.fresh(), wiring, isLogged, runners });
  const consumers = OWNERS.map((owner, index) => createConsumer({ name: `owner ${index}`, owner, node, world }));
  await world.run(START_LIMIT_MS, () => node.store.environments.all().length > 0);
  consumers[0]?.listen();
  for (const { afterMs, action } of actions) {
    await world.run(afterMs, () => false);
    perform(action, node, consumers);
  }
  await world.run(afterAll(actions), () => false);
  node.heal();
  const isOver = await world.run(PEACE_LIMIT_MS, () => isQuiet(node, consumers));
  if (isOver) await world.run(GRACE_MS, () => false);
  const observed = observe(node, consumers);
  return {
    violations: audit(observed),
    trace: world.trace(),
    jobs: observed.acknowledged.length,
    simulatedMs: world.now(),
  };
}

/** Time for what the last actions set off. */
const afterAll = (actions: Schedule['actions']) => 1_000 + 200 * actions.length;

function isQuiet(node: Node, consumers: readonly Consumer[]): boolean {
  const { store, sites } = node;
  if (!consumers.every((consumer) => consumer.isIdle())) return false;
  if (sites.some(({ machine }) => machine.containers.size > 0 || machine.volumes.size > 0)) return false;
  return consumers.every((consumer) =>
    consumer.acknowledged.every(({ jobId }) => {
      const job = store.jobs.find(jobId);
      return job ? isEnding(job.code) && job.want !== 'deleted' : store.tombstones.find(jobId) !== undefined;
    }),
  );
}

function observe(node: Node, consumers: readonly Consumer[]): Observed {
  const { store, sites, disk, committed } = node;
  const machines = sites.map(({ machine }) => machine);
  const acknowledged = consumers.flatMap((consumer) => consumer.acknowledged);
  const events = committed.map(({ cursor, event: { jobId, run, attempt, code }, job: { owner } }) => ({
    cursor,
    jobId,
    run,
    attempt,
    code,
    owner,
  }));
  const jobIds = [...new Set(events.map(({ jobId }) => jobId))];
  return {
    acknowledged,
    jobs: jobIds.flatMap((jobId) => store.jobs.find(jobId) ?? []),
    tombstones: jobIds.filter((jobId) => store.tombstones.find(jobId)),
    events,
    starts: machines.flatMap(({ starts }) =>
      starts.flatMap(({ labels, machine, at }) =>
        startOf(labels, machine).map((start) => {
          const deletedAt = store.tombstones.find(start.jobId)?.deletedAt;
          return { ...start, isOfDeleted: deletedAt !== undefined && EPOCH_MS + at > deletedAt };
        }),
      ),
    ),
    lost: machines.flatMap(({ lost }) => lost.flatMap((labels) => startOf(labels, 'lost'))),
    spoilt: machines.flatMap((machine) => machine.spoilt.flatMap((labels) => startOf(labels, 'spoilt'))),
    isShared: sites.length > 1,
    overlaps: [...node.overlaps, ...hasteOf(node)],
    exits: machines.flatMap(({ exits }) =>
      exits.flatMap(({ labels, exit }) => startOf(labels, '').map((of) => ({ ...of, exitCode: exit.exitCode }))),
    ),
    goneMachines: machines.flatMap(({ gone }) => gone()),
    subscriptions: consumers.flatMap((consumer) => consumer.subscriptions()),
    leftovers: machines.flatMap(({ containers, volumes }) => [...containers.keys(), ...volumes.keys()]),
    peaks: sites.map((site) => ({
      environment: ENVIRONMENT as EnvironmentId,
      running: site.peak(),
      limit: node.maxJobs,
    })),
    published: [...disk.published.values()].map(({ manifest, contents }) => ({
      jobId: manifest.jobId,
      run: manifest.run,
      manifest,
      served: contents.map(sha256Of),
    })),
    effects: consumers.flatMap((consumer) => consumer.effects),
  };
}

/** Where the engine lost what was begun before, nobody waits for a lease. */
function hasteOf({ hasty, sites }: Node): readonly string[] {
  const lost = new Set(sites.flatMap(({ machine }) => machine.lost));
  return hasty.filter(({ before }) => !lost.has(before)).map(({ text }) => text);
}

function startOf(labels: Readonly<Record<string, string>>, machine: string): ObservedStart[] {
  const identity = identityOf(labels);
  return identity ? [{ ...identity, machine }] : [];
}
