/** What works on jobs and tells of it: made once it is known what the engine and its machine can give. */
import { broadcast } from '@capstan/shared/bus/publish';
import { progressSubject } from '@capstan/shared/bus/subjects';
import { messageOf } from '@capstan/shared/contract/errors';
import type { JobId } from '@capstan/shared/contract/ids';
import type { JobEvent } from '@capstan/shared/contract/messages';
import { STATUS } from '@capstan/shared/contract/status';
import type { Upkeep } from '@capstan/shared/runtime/upkeep';
import { offersOf } from './environments/offers.ts';
import type { ImageParts } from './image-parts.ts';
import type { LeftBehind } from './left-behind.ts';
import type { LogDesk } from './logs/serve-pieces.ts';
import { runJob } from './pipeline/run.ts';
import type { PipelineParts } from './pipeline/run-context.ts';
import { createAnnouncer, type Announcer } from './reporting/announce.ts';
import type { Outbox } from './reporting/events.ts';
import type { RunnerParts } from './runner-parts.ts';
import type { Shortages } from './shortages.ts';
import type { KnownEngine } from './start-up.ts';
import { createReading } from './worker/reading.ts';
import { refusedEvent } from './worker/refused-event.ts';
import { isAtWork, isBegun, isStarted, running } from './worker/run-entry.ts';
import type { RunRegistry } from './worker/run-registry.ts';
import type { StartOwnership } from './worker/start-ownership.ts';
import { createWorker, type Worker } from './worker/worker.ts';
import type { WorkerParts } from './worker/worker-parts.ts';

export interface JobParts {
  readonly worker: Worker;
  readonly announcer: Announcer;
}

interface JobPartsOptions extends RunnerParts {
  readonly engine: KnownEngine;
  readonly runs: RunRegistry;
  readonly upkeep: Upkeep;
  readonly outbox: Outbox;
  readonly logDesk: LogDesk;
  readonly ownership: StartOwnership;
  readonly images: Pick<ImageParts, 'judges' | 'cache'>;
  readonly shortages: Shortages;
  readonly left: Pick<LeftBehind, 'reaper' | 'clearedDesk'>;
}

export function createJobParts(options: JobPartsOptions): JobParts {
  const { bus, claim, identity, settings, own, ports, clock, log } = options;
  const { engine: known, runs, upkeep, outbox, logDesk, ownership, images, shortages, left } = options;
  const { results, notes } = ports;
  const offers = offersOf(settings, known);
  const companyOf: WorkerParts['companyOf'] = (run, stage) =>
    notes.judge(run, stage) === 'alone' ? 'alone' : 'with-others';

  const emit = (event: JobEvent) => {
    const entry = runs.get(event.jobId);
    if (entry && isBegun(entry) && event.code === STATUS.running.code) {
      runs.move(running(entry, companyOf(entry, 'after')));
      // Others may have waited for it.
      worker.look();
    }
    outbox.emit(event);
  };

  /** The gateway removed its results; where it has another disk, what is remembered of them here as well. */
  const forgetJob = (jobId: JobId) => {
    results.forgetJob(jobId).catch((error: unknown) => {
      log.warn({ jobId, problem: messageOf(error) }, 'what is left of a deleted job goes when it expires');
    });
  };

  const pipeline: PipelineParts = {
    ...ports,
    ...images.judges,
    ...offers,
    owner: identity,
    onCleared: left.clearedDesk.tell,
    ownership,
    room: shortages.room,
    own,
    clock,
    settings,
    emit,
    tellProgress: (progress) => broadcast(bus, progressSubject(progress.jobId), progress),
    log,
  };
  const worker = createWorker({
    bus,
    runs,
    offers: offers.all,
    refuse: (refusal) => emit(refusedEvent(refusal, clock.now())),
    mayBegin: () => shortages.shortage() === undefined,
    companyOf,
    reading: createReading({
      notes,
      isInHand: ({ jobId }) => runs.get(jobId) !== undefined,
      isAtWork({ jobId }) {
        const entry = runs.get(jobId);
        return entry !== undefined && isAtWork(entry);
      },
    }),
    log,
    run: (todo, signal) => runJob(todo, pipeline, signal),
    standing: ownership.standing,
    hearDesired: ownership.hear,
    told: ({ jobId }, signal) => outbox.settled(jobId, signal),
    onRefused: outbox.forget,
    onDeleted: forgetJob,
    onBegin({ jobId }) {
      logDesk.open(jobId);
      announcer.announce();
    },
    onLeave(last) {
      const { jobId, control } = last;
      if (control.halted.aborted && !isStarted(last)) left.reaper.lookSoon();
      logDesk.close(jobId);
      outbox.forget(jobId);
      images.cache.wake();
      shortages.lookAgain();
      announcer.announce();
    },
  });
  const announcer = createAnnouncer({
    bus,
    self: claim.self,
    environments: offers.all.map(({ environment }) => environment),
    paused: shortages.shortage,
    troubles: shortages.troubles,
    upkeep,
    jobs: () =>
      runs
        .all()
        .filter(isBegun)
        .map(({ jobId, run, environment }) => ({ jobId, run, environment })),
    log,
  });
  return { worker, announcer };
}
