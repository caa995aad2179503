/**
 * The one composition of the runner: `main.ts` and the simulation give it their parts, and both get the same runner. What it does before
 * it can work on jobs is in `start-up.ts`; what works on them, made once the engine is known, in `job-parts.ts`.
 */
import type { JobId } from '@capstan/shared/contract/ids';
import { serviceGroup, type Service } from '@capstan/shared/runtime/service';
import { createUpkeep } from '@capstan/shared/runtime/upkeep';
import { createsBeforeFinds } from './docker/creates.ts';
import { recallsRuns } from './docker/recall.ts';
import { createFileDesk } from './files/file-desk.ts';
import { createImageParts } from './image-parts.ts';
import { createJobParts, type JobParts } from './job-parts.ts';
import { createLeftBehind } from './left-behind.ts';
import { createLogDesk } from './logs/serve-pieces.ts';
import { createExpiry } from './maintenance/expire-results.ts';
import { createOutbox } from './reporting/events.ts';
import type { RunnerParts } from './runner-parts.ts';
import { createShortages } from './shortages.ts';
import { createStartUp, type KnownEngine } from './start-up.ts';
import { createLease } from './worker/lease.ts';
import { createOtherRunners } from './worker/other-runners.ts';
import { createRunRegistry } from './worker/run-registry.ts';
import { lapse } from './worker/given-up.ts';
import { createStartOwnership } from './worker/start-ownership.ts';

export function createRunner(given: RunnerParts): Service {
  const engine = createsBeforeFinds(recallsRuns(given.ports.engine));
  const parts = { ...given, ports: { ...given.ports, engine } };
  const { bus, identity, settings, own, ports, claim, clock, cautious = clock, log } = parts;
  const { wireOwnership = (ownership) => ownership } = parts;
  const { results, captures, fetcher, sender, marks, checkNotes } = ports;
  const stopping = new AbortController();
  const { signal } = stopping;
  const upkeep = createUpkeep({ clock });
  const runs = createRunRegistry();
  const outbox = createOutbox({ bus, log });
  const logDesk = createLogDesk({ bus, captures, log });
  const fileDesk = createFileDesk({ bus, fetcher, own, notes: checkNotes, sender, log });
  const isKnown = (jobId: JobId) => runs.get(jobId) !== undefined;
  const expiry = createExpiry({ results, upkeep, isInHand: isKnown, clock: cautious, log });

  const { id: runnerId, former } = identity;
  const base = { bus, runnerId, former, takeoverAfterMs: settings.takeoverAfterS * 1_000, runs, clock, log };
  const lease = createLease({ ...base, note: marks, onLapse: () => runs.all().forEach(lapse) });
  const environments = settings.environments.map(({ id }) => id);
  const others = createOtherRunners({ ...base, environments, onShared: lease.hearOther });
  const ownership = wireOwnership(createStartOwnership({ ...base, lease, others, idIsOurs: claim.sure }));

  let jobs: JobParts | undefined;
  /** Whether jobs may begin. */
  const reconsider = () => {
    runs.changed();
    jobs?.worker.look();
    jobs?.announcer.announce();
  };
  const images = createImageParts({ settings, ports, clock, upkeep, log, signal });
  const shortages = createShortages({ settings, ports, runs, letGo: images.cache.evictAll, onChange: reconsider, log });
  const left = createLeftBehind({ ...parts, runs, adopt: (found) => jobs?.worker.adopt(found), signal });

  const whenEngineIsKnown = (known: KnownEngine): readonly Service[] => {
    jobs = createJobParts({
      ...parts,
      engine: known,
      runs,
      upkeep,
      outbox,
      logDesk,
      ownership,
      images,
      shortages,
      left,
    });
    const { worker, announcer } = jobs;
    /** In the order in which they start; they stop the other way round. */
    return [
      lease,
      others,
      ownership,
      images.service,
      ...shortages.watches,
      worker,
      announcer,
      left.reaper,
      left.clearedDesk,
    ];
  };
  /** In the order in which they start; they stop the other way round. */
  const services: readonly Service[] = [
    bus,
    closing(fetcher),
    outbox,
    logDesk,
    sender,
    fileDesk,
    expiry,
    createStartUp({ ...parts, left, stopping, whenEngineIsKnown }),
  ];
  return { ...serviceGroup(services), name: 'runner' };
}

/** What is there from the beginning, and has to be closed. */
const closing = ({ close }: { readonly close: () => Promise<void> }): Service => ({
  name: 'fetcher',
  start: () => Promise.resolve(),
  stop: close,
});
