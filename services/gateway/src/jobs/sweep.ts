/**
 * Compares what the store knows with what runners announce, and sends again what is missing. Messages only make things fast; this
 * alone finishes every job, whatever the broker lost.
 */
import type { Bus } from '@capstan/shared/bus/connect';
import { putDesired } from '@capstan/shared/bus/desired';
import type { Clock } from '@capstan/shared/clock';
import { isEnding } from '@capstan/shared/contract/status';
import type { Log } from '@capstan/shared/log';
import type { Service } from '@capstan/shared/service';
import { createWake } from '@capstan/shared/wake';
import type { Store } from '../store/store.ts';
import { tellRunners } from './demand.ts';
import type { Dispatch } from './dispatch.ts';
import { missing } from './missing.ts';
import type { Remove } from './remove.ts';
import type { Runners } from './runners.ts';

const SWEEP_EVERY_MS = 15_000;
/** A command that went out less than this ago is still on its way. */
const GRACE_MS = 10_000;

interface SweepOptions {
  readonly bus: Bus;
  readonly store: Store;
  readonly runners: Runners;
  readonly dispatch: Dispatch;
  readonly remove: Remove;
  readonly clock: Clock;
  readonly log: Log;
}

export function createSweep({ bus, store, runners, dispatch, remove, clock, log }: SweepOptions): Service {
  let timer: NodeJS.Timeout | undefined;
  let forget: readonly (() => void)[] = [];
  /** NATS forgot everything, or a runner began anew: what is on its way may never arrive. */
  let isUrgent = false;

  /** Runners that are still at jobs which have ended, or are gone. */
  const tellOfEnds = async () => {
    for (const { jobId, run } of runners.announcedJobs()) {
      const job = store.jobs.find(jobId);
      const hasEnded = job ? job.run > run || isEnding(job.code) : false;
      if (hasEnded) await putDesired(bus, jobId, { run, want: 'ended' });
      else if (!job && store.tombstones.find(jobId)) await putDesired(bus, jobId, { run, want: 'deleted' });
    }
  };

  const sweep = async () => {
    if (!bus.isConnected()) return;
    const lost = missing(store.queue.sent(), {
      now: clock.now(),
      graceMs: isUrgent ? 0 : GRACE_MS,
      isLive: runners.isLive,
      isAnnounced: runners.isAnnounced,
    });
    isUrgent = false;
    for (const job of store.jobs.unwanted()) {
      if (!isEnding(job.code)) await tellRunners({ bus, log, clock }, job);
      else if (job.want === 'deleted') await remove.finish(job);
    }
    await tellOfEnds();
    for (const { jobId, run } of lost) {
      log.info({ jobId, run }, 'no runner knows of this job, sending it again');
      await dispatch.sendAgain(jobId);
    }
    dispatch.wake();
  };

  const wake = createWake(sweep, (error) => log.error({ err: error }, 'the sweep failed'));
  const wakeUrgently = () => {
    isUrgent = true;
    wake.wake();
  };

  return {
    name: 'sweep',
    start() {
      timer = setInterval(() => wake.wake(), SWEEP_EVERY_MS);
      forget = [
        bus.onConnected(wakeUrgently),
        runners.onAnnounced(({ isNew }) => (isNew ? wakeUrgently() : dispatch.wake())),
      ];
      wake.wake();
      return Promise.resolve();
    },
    async stop() {
      clearInterval(timer);
      for (const each of forget) each();
      await wake.idle();
    },
  };
}
