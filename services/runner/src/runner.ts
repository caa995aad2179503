/** Puts the runner's parts together and starts them in their order: first what was left behind, then what is new. */
import { broadcast } from '@capstan/shared/bus/publish';
import { progressSubject } from '@capstan/shared/bus/subjects';
import type { EnvironmentId, JobId } from '@capstan/shared/contract/ids';
import type { JobEvent } from '@capstan/shared/contract/messages';
import type { Progress } from '@capstan/shared/contract/progress';
import { STATUS } from '@capstan/shared/contract/status';
import { hasCode, messageOf } from '@capstan/shared/contract/errors';
import type { Service } from '@capstan/shared/runtime/service';
import { findUnfinished } from './worker/adopt.ts';
import { createAnnouncer, type Announcer } from './reporting/announce.ts';
import type { Refusal } from './worker/command.ts';
import { createClearedDesk } from './maintenance/cleared-desk.ts';
import { createDiskWatch, isTooFull } from './host/free-disk.ts';
import { createEngineWatch } from './host/engine-watch.ts';
import { createExpiry } from './maintenance/expire-results.ts';
import { retryWhileUnavailable } from './docker/retry-while-unavailable.ts';
import { labelsOfNode } from './docker/reconcile.ts';
import { holdsSizes } from './docker/volume-sizes.ts';
import { createOutbox } from './reporting/events.ts';
import { createFileDesk } from './files/file-desk.ts';
import { createImageParts } from './image-parts.ts';
import { announcedEnvironment, limitsOf, type Machine } from './environments/limits.ts';
import { createLeftAlone } from './worker/left-alone.ts';
import { createLease } from './worker/lease.ts';
import { createLogDesk } from './logs/serve-pieces.ts';
import { createOtherRunners } from './worker/other-runners.ts';
import { troublesOf } from './pipeline/uncleared.ts';
import { createEngineRoom } from './pipeline/engine-room.ts';
import { runJob } from './pipeline/run.ts';
import { refusedEvent } from './worker/refused-event.ts';
import type { RunnerOptions } from './runner-options.ts';
import { createReading } from './worker/reading.ts';
import { createReaper } from './maintenance/reap-orphans.ts';
import { createStartOwnership, lapse } from './worker/start-ownership.ts';
import { createUpkeep } from '@capstan/shared/runtime/upkeep';
import { createWorker, type Worker } from './worker/worker.ts';
import type { WorkerParts } from './worker/worker-parts.ts';
import { createRunRegistry, type RunEntry } from './worker/run-registry.ts';

const GB = 1_000_000_000;

export function createRunner({
  bus,
  identity,
  settings,
  own,
  ports,
  claim,
  clock,
  wireOwnership = (ownership) => ownership,
  cautious = clock,
  log,
}: RunnerOptions): Service {
  const { engine, results, captures, uncleared, fetcher, sender, egress, marks } = ports;
  const outbox = createOutbox({ bus, log });
  const runs = createRunRegistry();
  const logDesk = createLogDesk({ bus, captures, log });
  const fileDesk = createFileDesk({ bus, fetcher, own, notes: ports.checkNotes, sender, log });
  const upkeep = createUpkeep({ clock });
  const isKnown = (jobId: JobId) => runs.get(jobId) !== undefined;
  const expiry = createExpiry({ results, upkeep, isInHand: isKnown, clock: cautious, log });
  const stopping = new AbortController();
  const { signal } = stopping;
  const { cache, judges, tidyAll } = createImageParts({ settings, ports, clock, upkeep, log, signal });

  const { id: runnerId, former } = identity;
  const common = { bus, runnerId, former, takeoverAfterMs: settings.takeoverAfterS * 1_000, runs, clock, log };
  const lease = createLease({ ...common, note: marks, onLapse: () => runs.all().forEach(lapse) });
  const others = createOtherRunners({
    ...common,
    environments: settings.environments.map(({ id }) => id),
    onShared: lease.hearOther,
  });
  const ownership = wireOwnership(createStartOwnership({ ...common, lease, others, idIsOurs: claim.sure }));
  let parts: { readonly worker: Worker; readonly announcer: Announcer } | undefined;
  /** Whether jobs may begin. */
  const reconsider = () => {
    runs.changed();
    parts?.worker.look();
    parts?.announcer.announce();
  };
  const disks = createDiskWatch({
    disks: [
      { name: 'data folder', read: () => ports.readDataDisk() },
      { name: 'container engine', read: () => ports.readEngineDisk() },
    ],
    minFreeBytes: settings.minFreeDiskGB * GB,
    onChange: reconsider,
    log,
  });
  const presence = createEngineWatch({ engine, onChange: reconsider, log });
  const goesAlone: WorkerParts['goesAlone'] = (run, stage) => ports.notes.judge(run, stage) === 'alone';
  const room = createEngineRoom({
    inHand: () => runs.all().flatMap(({ jobId, state }) => (state === 'working' ? [jobId] : [])),
    async readDisk() {
      const disk = await ports.readEngineDisk();
      return { freeBytes: disk.freeBytes, isFull: isTooFull(disk, settings.minFreeDiskGB * GB) };
    },
    letGo: cache.evictAll,
    onChange: reconsider,
  });
  const shortage = () => presence.absence() ?? disks.shortage() ?? room.shortage();
  const isInHand = ({ jobId, run }: { jobId: JobId; run: number }) => runs.get(jobId)?.run === run;
  const clearedDesk = createClearedDesk({ bus, engine, identity, uncleared, isInHand, log });
  const left = { uncleared, onCleared: clearedDesk.tell };
  const adopting = { engine, results, marks, captures, ...left };
  const leftAlone = createLeftAlone(log);
  const leftBehind = () => findUnfinished({ ...adopting, owner: identity, isInHand, leftAlone, log }, signal);
  const reaper = createReaper({
    everyS: settings.reapEveryS,
    findUnfinished: leftBehind,
    adopt: (found) => parts?.worker.adopt(found),
    removeDrafts: () => ports.removeStaleDrafts(isInHand),
    log,
  });

  /** Its algorithm runs: for now nothing is done for it, and what its beginning cost counts no more. */
  const begun = (work: RunEntry) => {
    work.isStarted = true;
    work.isAtWork = false;
    work.isAlone = goesAlone(work, 'after');
    // Others may have waited for it.
    parts?.worker.look();
  };

  const emit = (event: JobEvent) => {
    const work = runs.get(event.jobId);
    if (work && event.code === STATUS.running.code) begun(work);
    outbox.emit(event);
  };

  /** The gateway removed its results; where it has another disk, what is remembered of them here as well. */
  const forgetJob = (jobId: JobId) => {
    results.forgetJob(jobId).catch((error: unknown) => {
      log.warn({ jobId, problem: messageOf(error) }, 'what is left of a deleted job goes when it expires');
    });
  };

  const refuse = (refusal: Refusal) => emit(refusedEvent(refusal, clock.now()));

  const createParts = (machine: Machine, holdsVolumeSizes: boolean) => {
    const { environments, jobUid, jobUids } = settings;
    const totalJobs = environments.reduce((sum, { maxJobs }) => sum + maxJobs, 0);
    const offered = environments.map((one) => {
      const limits = limitsOf(one, { machine, totalJobs, jobUid, jobUids, holdsVolumeSizes });
      return { limits, gpus: one.gpus, environment: announcedEnvironment(one, machine, limits) };
    });
    const [fallback] = offered;
    const pipelineParts = {
      engine,
      owner: identity,
      ...left,
      results,
      marks,
      ownership,
      notes: ports.notes,
      room,
      captures,
      ...judges,
      fetcher,
      egress,
      own,
      clock,
      settings,
      emit,
      tellProgress: (progress: Progress) => broadcast(bus, progressSubject(progress.jobId), progress),
      log,
      filterOf: (environment: EnvironmentId) => environments.find(({ id }) => id === environment)?.filter,
      limitsOf(environment: EnvironmentId) {
        // A run that was begun in an environment that is not configured any more ends under the limits of another one.
        const found = offered.find((offer) => offer.environment.id === environment) ?? fallback;
        if (!found) throw new RangeError('a runner has at least one environment');
        return found.limits;
      },
    };
    const worker = createWorker({
      bus,
      runs,
      offers: offered,
      refuse,
      mayBegin: () => shortage() === undefined,
      goesAlone,
      reading: createReading({
        notes: ports.notes,
        isInHand: ({ jobId }) => runs.get(jobId) !== undefined,
        isAtWork: ({ jobId }) => runs.get(jobId)?.isAtWork === true,
      }),
      log,
      run: (todo, runSignal) => runJob(todo, pipelineParts, runSignal),
      standing: ownership.standing,
      hearDesired: ownership.hear,
      told: ({ jobId }, runSignal) => outbox.settled(jobId, runSignal),
      onDeleted: forgetJob,
      onBegin({ jobId }) {
        logDesk.open(jobId);
        announcer.announce();
      },
      onLeave({ jobId, control, isStarted }) {
        if (control.halted.aborted && !isStarted) reaper.lookSoon();
        logDesk.close(jobId);
        outbox.forget(jobId);
        cache.wake();
        disks.wake();
        announcer.announce();
      },
    });
    const announcer = createAnnouncer({
      bus,
      self: claim.self,
      environments: offered.map(({ environment }) => environment),
      paused: shortage,
      troubles: () => [...[presence.absence() ?? []].flat(), ...troublesOf(uncleared.count())],
      upkeep,
      jobs: () =>
        runs
          .all()
          .filter(({ state }) => state === 'working')
          .map(({ jobId, run, environment }) => ({ jobId, run, environment })),
      log,
    });
    return { worker, announcer };
  };

  /** In the background: a runner without an engine or without NATS waits for them and can still be stopped. */
  const begin = async () => {
    const { version } = await retryWhileUnavailable(() => engine.about(signal), { signal, log });
    log.info({ version }, 'container engine connected');
    await claim.held(signal);
    const machine = await ports.readMachine();
    const holdsVolumeSizes = await holdsSizes(engine, labelsOfNode(identity), { signal, log });
    log.info({ diskQuota: holdsVolumeSizes ? 'hard' : 'measured' }, 'what jobs write is held to their limit');
    await ports.notes.takeStock();
    const unfinished = await leftBehind();
    // Only now: of runs that are in hand later on, nobody knows here.
    await captures.removeAllBut(unfinished);
    await ports.removeStaleDrafts(isInHand);
    signal.throwIfAborted();
    parts = createParts(machine, holdsVolumeSizes);
    for (const found of unfinished) parts.worker.adopt(found);
    await lease.start();
    await others.start();
    await ownership.start();
    tidyAll();
    await disks.start();
    await presence.start();
    await parts.worker.start();
    await parts.announcer.start();
    await reaper.start();
    await clearedDesk.start();
    await bus.connected(signal);
    log.info(
      { runner: identity.id, environments: settings.environments.map(({ id }) => id), engine: version },
      'ready',
    );
  };
  let beginning: Promise<void> | undefined;

  return {
    name: 'runner',
    async start() {
      await outbox.start();
      await logDesk.start();
      await sender.start();
      await fileDesk.start();
      await bus.start();
      await expiry.start();
      beginning = begin().catch((error: unknown) => {
        // Whoever owns the claim says so, and ends the process.
        if (signal.aborted || hasCode(error, 'RUNNER_ID_TAKEN')) return;
        log.error({ err: error }, 'the runner could not begin');
      });
    },
    async stop() {
      stopping.abort();
      await beginning;
      await reaper.stop();
      await presence.stop();
      await disks.stop();
      await parts?.announcer.stop();
      await parts?.worker.stop();
      await ownership.stop();
      await others.stop();
      await lease.stop();
      await cache.idle();
      await clearedDesk.stop();
      await fileDesk.stop();
      await sender.stop();
      await logDesk.stop();
      await expiry.stop();
      await outbox.stop();
      await fetcher.close();
      await bus.stop();
    },
  };
}
