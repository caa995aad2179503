/** The auditor, for a node that was watched: reads its folder of traces, store and results, and says which of the eight rules did not hold. */
import { join } from 'node:path';
import type { JobId } from '@capstan/shared/contract/ids';
import { audit } from '../audit.ts';
import type { Observed, ObservedEvent, PublishedRun, Subscription } from '../observed.ts';
import { resultKey, seenByClients, type SeenByClients } from './clients.ts';
import { seenOfEngine } from './engine.ts';
import { readTraces } from './entries.ts';
import { seenInResults } from './results.ts';
import { seenInStore } from './store.ts';

export interface Verdict {
  /** One line each; those of a rule begin with it. */
  readonly violations: readonly string[];
  readonly jobs: number;
  /** How often each fault was there. */
  readonly faults: Readonly<Record<string, number>>;
}

/** Where things lie in the folder. */
export const placesIn = (dir: string) => ({
  traces: join(dir, 'traces'),
  store: join(dir, 'seen', 'store'),
  results: join(dir, 'seen', 'results'),
});

export async function auditFolder(dir: string): Promise<Verdict> {
  const places = placesIn(dir);
  const clients = seenByClients(readTraces(places.traces, 'clients'));
  const store = seenInStore(join(places.store, 'capstan.db'));
  const observed: Observed = {
    ...seenOfEngine(readTraces(places.traces, 'engine'), clients.deletedAt),
    acknowledged: clients.acknowledged,
    effects: clients.effects,
    published: (await seenInResults(places.results)).map((run) => asServed(run, clients)),
    ...withForgotten(store, clients),
  };
  const faults = readTraces(places.traces, 'faults').map(({ id, name }) => `${id} ${name}`);
  return {
    violations: [...audit(observed).map(({ rule, text }) => `rule ${rule}: ${text}`), ...clients.breaches],
    jobs: new Set(observed.events.map(({ jobId }) => jobId)).size,
    faults: Object.fromEntries([...Map.groupBy(faults, (name) => name)].map(([name, all]) => [name, all.length])),
  };
}

/** A file counts as served wrong if a single download of it was. */
function asServed(run: PublishedRun, { downloads }: SeenByClients): PublishedRun {
  const served = run.manifest.files.map(({ index, sha256 }, place) => {
    const wrong = downloads.get(resultKey(run, index))?.find((hash) => hash !== sha256);
    return wrong ?? run.served[place];
  });
  return { ...run, served };
}

type Stored = Pick<Observed, 'jobs' | 'tombstones' | 'events'>;

/** The store forgets what happened to a job that is deleted. What clients were told of it is put back, so that it is judged, too. */
function withForgotten(store: Stored, clients: SeenByClients): Stored & Pick<Observed, 'subscriptions'> {
  const deleted = new Set(store.tombstones);
  const kept = new Set(store.events.map(({ cursor }) => cursor));
  const forgotten = [...clients.events.values()].filter(({ jobId, cursor }) => deleted.has(jobId) && !kept.has(cursor));
  const events = [...store.events, ...forgotten].toSorted((one, other) => one.cursor - other.cursor);
  return {
    ...store,
    events,
    subscriptions: clients.subscriptions.map((subscription) => withoutGuesses(subscription, events, deleted)),
  };
}

/** Of a deleted job, not every event may be known: its place in a snapshot is judged by nothing, and taken as it has to be. */
function withoutGuesses(
  subscription: Subscription,
  events: readonly ObservedEvent[],
  deleted: ReadonlySet<JobId>,
): Subscription {
  const { owner, from } = subscription;
  const snapshot = new Map([...subscription.snapshot].filter(([jobId]) => !deleted.has(jobId)));
  for (const { jobId, code, cursor, owner: of } of events)
    if (of === owner && cursor <= from && deleted.has(jobId)) snapshot.set(jobId, code);
  return { ...subscription, snapshot };
}
