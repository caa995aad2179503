/** Puts the runner's parts together and starts them in their order: first what was left behind, then what is new. */
import type { Bus } from '@capstan/shared/bus/connect';
import { broadcast } from '@capstan/shared/bus/publish';
import { progressSubject } from '@capstan/shared/bus/subjects';
import type { Clock } from '@capstan/shared/clock';
import type { Config } from '@capstan/shared/config/schema';
import type { EnvironmentId, JobId } from '@capstan/shared/contract/ids';
import { jobEvent, type JobEvent } from '@capstan/shared/contract/messages';
import type { Progress } from '@capstan/shared/contract/progress';
import { STATUS } from '@capstan/shared/contract/status';
import { hasCode, messageOf } from '@capstan/shared/errors';
import type { Log } from '@capstan/shared/log';
import type { Service } from '@capstan/shared/service';
import { findUnfinished } from './adopt.ts';
import { createAnnouncer, type Announcer } from './announce.ts';
import type { Claim } from './claim.ts';
import type { Refusal } from './command.ts';
import { createElsewhere } from './elsewhere.ts';
import { createDiskWatch } from './disk-watch.ts';
import { createExpiry } from './expiry.ts';
import { insist } from './docker/insist.ts';
import { ofRunner } from './docker/reconcile.ts';
import { createOutbox } from './events.ts';
import type { OwnNode } from './fetch/sealed-files.ts';
import { createImageParts } from './image-parts.ts';
import { announcedEnvironment, limitsOf, type Machine } from './limits.ts';
import { createLogDesk } from './log-desk.ts';
import type { Outside } from './outside.ts';
import { endingWithout } from './pipeline/ending.ts';
import { runJob } from './pipeline/run.ts';
import { createReaper } from './reap.ts';
import { createWorker, type Worker } from './worker.ts';
import { createWorks } from './works.ts';

export interface RunnerOptions {
  readonly bus: Bus;
  readonly settings: Config['runner'];
  readonly own: OwnNode;
  readonly outside: Outside;
  readonly claim: Pick<Claim, 'self' | 'held'>;
  readonly clock: Clock;
  readonly log: Log;
}

const GB = 1_000_000_000;

export function createRunner({ bus, settings, own, outside, claim, clock, log }: RunnerOptions): Service {
  const { engine, results, captures, fetcher, egress } = outside;
  const outbox = createOutbox({ bus, log });
  const works = createWorks();
  const logDesk = createLogDesk({ bus, captures, log });
  const expiry = createExpiry({ results, isInHand: (jobId) => works.get(jobId) !== undefined, clock, log });
  const stopping = new AbortController();
  const { signal } = stopping;
  const { keeper, images } = createImageParts({ settings, outside, clock, log, signal });

  const elsewhere = createElsewhere({
    bus,
    runnerId: settings.id,
    takeoverAfterMs: settings.takeoverAfterS * 1_000,
    works,
    clock,
    log,
  });
  const marks = elsewhere.telling(outside.marks);
  let parts: { readonly worker: Worker; readonly announcer: Announcer } | undefined;
  const disks = createDiskWatch({
    disks: [
      { name: 'data folder', read: () => outside.readDataDisk() },
      { name: 'container engine', read: () => outside.readEngineDisk() },
    ],
    minFreeBytes: settings.minFreeDiskGB * GB,
    onChange() {
      works.changed();
      parts?.worker.look();
      parts?.announcer.announce();
    },
    log,
  });
  const isInHand = ({ jobId, run }: { jobId: JobId; run: number }) => works.get(jobId)?.run === run;
  const leftBehind = () =>
    findUnfinished({ engine, results, marks, captures, runnerId: settings.id, isInHand, log }, signal);
  const reaper = createReaper({
    everyS: settings.reapEveryS,
    findUnfinished: leftBehind,
    adopt: (identity) => parts?.worker.adopt(identity),
    removeDrafts: () => outside.removeStaleDrafts(isInHand),
    log,
  });

  const emit = (event: JobEvent) => {
    const work = works.get(event.jobId);
    if (work && event.code === STATUS.running.code) work.isStarted = true;
    outbox.emit(event);
  };

  /** The gateway removed its results; where it has another disk, what is remembered of them here as well. */
  const forgetJob = (jobId: JobId) => {
    results.forgetJob(jobId).catch((error: unknown) => {
      log.warn({ jobId, problem: messageOf(error) }, 'what is left of a deleted job goes when it expires');
    });
  };

  const refuse = ({ jobId, run, reason }: Refusal) => {
    const { code, termination } = endingWithout(STATUS.containerFailed.code, reason);
    emit(jobEvent({ jobId, run, attempt: 1, code, at: clock.now(), details: { termination, results: [] } }));
  };

  const createParts = (machine: Machine, holdsVolumeSizes: boolean) => {
    const { environments } = settings;
    const totalJobs = environments.reduce((sum, { maxJobs }) => sum + maxJobs, 0);
    const offered = environments.map((one) => {
      const limits = limitsOf(one, { machine, totalJobs, jobUid: settings.jobUid, holdsVolumeSizes });
      return { limits, gpus: one.gpus, environment: announcedEnvironment(one, machine, limits) };
    });
    const [fallback] = offered;
    const pipelineParts = {
      engine,
      results,
      marks,
      captures,
      images,
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
      works,
      offers: offered,
      refuse,
      mayBegin: () => disks.shortage() === undefined,
      log,
      run: (todo, runSignal) => runJob(todo, pipelineParts, runSignal),
      standing: elsewhere.standing,
      told: ({ jobId }, runSignal) => outbox.settled(jobId, runSignal),
      onDeleted: forgetJob,
      onBegin({ jobId }) {
        logDesk.open(jobId);
        announcer.announce();
      },
      onLeave({ jobId }) {
        logDesk.close(jobId);
        outbox.forget(jobId);
        keeper.wake();
        disks.wake();
        announcer.announce();
      },
    });
    const announcer = createAnnouncer({
      bus,
      self: claim.self,
      environments: offered.map(({ environment }) => environment),
      paused: () => disks.shortage(),
      jobs: () =>
        works
          .all()
          .filter(({ state }) => state === 'working')
          .map(({ jobId, run, environment }) => ({ jobId, run, environment })),
    });
    return { worker, announcer };
  };

  /** In the background: a runner without an engine or without NATS waits for them and can still be stopped. */
  const begin = async () => {
    const { version } = await insist(() => engine.about(signal), { signal, log });
    log.info({ version }, 'container engine connected');
    await claim.held(signal);
    const machine = await outside.readMachine();
    const labels = ofRunner(settings.id);
    const holdsVolumeSizes = await insist(() => engine.holdsVolumeSizes(labels, signal), { signal, log });
    log.info({ diskQuota: holdsVolumeSizes ? 'hard' : 'measured' }, 'what jobs write is held to their limit');
    const unfinished = await leftBehind();
    // Only now: of runs that are in hand later on, nobody knows here.
    await captures.removeAllBut(unfinished);
    await outside.removeStaleDrafts(isInHand);
    signal.throwIfAborted();
    parts = createParts(machine, holdsVolumeSizes);
    for (const identity of unfinished) parts.worker.adopt(identity);
    await elsewhere.start();
    keeper.wake();
    await disks.start();
    await parts.worker.start();
    await parts.announcer.start();
    await reaper.start();
    await bus.connected(signal);
    log.info(
      { runner: settings.id, environments: settings.environments.map(({ id }) => id), engine: version },
      'ready',
    );
  };
  let beginning: Promise<void> | undefined;

  return {
    name: 'runner',
    async start() {
      await outbox.start();
      await logDesk.start();
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
      await disks.stop();
      await parts?.announcer.stop();
      await parts?.worker.stop();
      await elsewhere.stop();
      await keeper.idle();
      await logDesk.stop();
      await expiry.stop();
      await outbox.stop();
      await fetcher.close();
      await bus.stop();
    },
  };
}
