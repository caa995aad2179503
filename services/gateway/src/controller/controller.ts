/**
 * Brings every job to where it is wanted: looks at it, plans, acts. What sets it off only says which job: a commit, an announcement, a
 * connection, a try that failed a while ago, and the sweep, a walk over all jobs that anything may be missing of. The sweep alone finishes every job,
 * whatever the broker lost; all else makes it fast. A job that cannot be moved holds up no other.
 */
import type { Bus } from '@capstan/shared/bus/connect';
import { messageOf } from '@capstan/shared/contract/errors';
import type { JobId } from '@capstan/shared/contract/ids';
import type { JobEvent } from '@capstan/shared/contract/messages';
import { isEnding, STATUS } from '@capstan/shared/contract/status';
import type { Clock } from '@capstan/shared/runtime/clock';
import type { Log } from '@capstan/shared/runtime/log';
import type { Service } from '@capstan/shared/runtime/service';
import { unlessAborted } from '@capstan/shared/runtime/unless-aborted';
import type { Upkeep } from '@capstan/shared/runtime/upkeep';
import type { Runners } from '../scheduling/runners.ts';
import type { Store } from '../store/store.ts';
import { createExecutors, PATIENCE, type Executors, type Pending } from './act.ts';
import { createBackoff } from './backoff.ts';
import type { ClearedWatch } from './cleared.ts';
import type { Dispatch } from './dispatch.ts';
import type { FinishDeletion } from './finish-deletion.ts';
import type { LeftElsewhere } from './left-elsewhere.ts';
import { createObserve } from './observe.ts';
import { createPaced } from './paced.ts';
import { planJob, type Action } from './plan.ts';
import { createSendStart, type Sending } from './send-start.ts';
import { createSweep } from './sweep.ts';
import { createWorkQueue } from './work-queue.ts';

const JOBS_AT_ONCE = 64;
/** However many runners come, one after the other: what is on its way is sent anew for all that came in such a time together. */
const NEWCOMERS_MS = 2_000;

interface ControllerOptions {
  readonly bus: Bus;
  readonly store: Store;
  readonly runners: Pick<Runners, 'isLive' | 'announcedJobs' | 'onAnnounced'>;
  readonly dispatch: Pick<Dispatch, 'wake'>;
  readonly cleared: Pick<ClearedWatch, 'ask'>;
  readonly leftElsewhere: LeftElsewhere;
  readonly finishDeletion: FinishDeletion;
  readonly upkeep: Pick<Upkeep, 'drain'>;
  readonly clock: Clock;
  readonly log: Log;
}

export interface Controller extends Service {
  /** Something may be to do for these. */
  look(jobIds: readonly JobId[]): void;
  /** These were given a place, and their commands are to go out. */
  send(sendings: readonly Sending[]): void;
  /** Why the last start command could not be sent, if it could not. */
  problem(): string | undefined;
  /** Deletions that could not be completed so far. */
  waitingDeletions(): number;
}

export function createController(options: ControllerOptions): Controller {
  const { bus, store, runners, dispatch, cleared, upkeep, log } = options;
  const stopping = new AbortController();
  const sendings = new Map<JobId, Pending>();
  const observe = createObserve({ ...options, isUnsent: (jobId) => sendings.has(jobId) });
  const sendStart = createSendStart(options);
  const executors = createExecutors({ ...options, observe, sendStart, sendings });
  const backoff = createBackoff({ patience: PATIENCE, retry: (jobId) => queue.add(jobId) });

  const perform = async (jobId: JobId, action: Action) => {
    const leave = backoff.enter(jobId, action.do);
    // Not yet: too many of its kind are under way, or it failed a short while ago. It comes back by itself.
    if (!leave) return;
    try {
      const work = execute(executors, jobId, action);
      // The store of results may take for ever, and nobody waits for it when the node ends.
      await (action.do === 'delete' ? unlessAborted(work, stopping.signal) : work);
      leave('done');
    } catch (error) {
      if (stopping.signal.aborted) return;
      leave('failed');
      log.warn({ jobId, action: action.do, problem: messageOf(error) }, PATIENCE[action.do].problem);
    }
  };
  const queue = createWorkQueue<JobId>({
    atOnce: JOBS_AT_ONCE,
    async work(jobId) {
      const seen = observe(jobId);
      const actions = planJob(seen);
      const kinds = actions.map((action) => action.do);
      backoff.planned(jobId, kinds);
      // NATS has taken it after all, as its runner says, or it is not wanted any more.
      if (seen.isBusUp && !kinds.includes('send')) sendings.delete(jobId);
      for (const action of actions) if (!stopping.signal.aborted) await perform(jobId, action);
    },
    onError: (error, jobId) => log.error({ jobId, err: error }, 'what is to be done for a job could not be found out'),
  });

  const isAnythingToDo = (jobId: JobId): boolean => {
    try {
      return planJob(observe(jobId)).length > 0;
    } catch {
      // The queue says what is wrong with it, and the sweep goes on to others.
      return true;
    }
  };
  const sweep = createSweep({
    store,
    runners,
    upkeep,
    isAnythingToDo,
    add: queue.add,
    isBusUp: () => bus.isConnected(),
    onSwept(graceMs) {
      cleared.ask(graceMs);
      dispatch.wake();
    },
    log,
  });
  /** NATS forgot everything, or a runner began anew: what is on its way may never arrive. */
  const lookAtAll = () => {
    observe.noteLoss();
    for (const jobId of sendings.keys()) backoff.forgive(jobId, 'send');
    sweep.wake('urgently');
  };
  const newcomers = createPaced(lookAtAll, NEWCOMERS_MS);
  const hear = ({ isNew }: { readonly isNew: boolean }) => {
    if (!isNew || !newcomers.ask()) dispatch.wake();
  };
  const hasEnded = ({ jobId, run, code }: JobEvent) => {
    if (sendings.get(jobId)?.run === run) sendings.delete(jobId);
    observe.noteEnd(jobId, { run, want: code === STATUS.deleted.code ? 'deleted' : 'ended' });
    queue.add(jobId);
  };
  let forget: readonly (() => void)[] = [];

  return {
    name: 'controller',
    start() {
      forget = [
        store.onCommitted((events) => {
          const ended = events.filter(({ event }) => isEnding(event.code));
          for (const { event } of ended) hasEnded(event);
          if (ended.length > 0) dispatch.wake();
        }),
        bus.onConnected(lookAtAll),
        runners.onAnnounced(hear),
      ];
      sweep.start();
      return Promise.resolve();
    },
    async stop() {
      for (const each of forget) each();
      stopping.abort();
      backoff.stop();
      newcomers.stop();
      await sweep.stop();
      await queue.stop();
    },
    look: (jobIds) => jobIds.forEach(queue.add),
    send(taken) {
      for (const sending of taken) {
        sendings.set(sending.jobId, { ...sending, takenAtMs: options.clock.monotonicMs() });
        queue.add(sending.jobId);
      }
    },
    problem: () => (sendings.size > 0 ? sendStart.problem() : undefined),
    waitingDeletions: () => backoff.failing('delete'),
  };
}

function execute(executors: Executors, jobId: JobId, action: Action): Promise<void> {
  switch (action.do) {
    case 'send':
      return executors.send(jobId, action);
    case 'end':
      return executors.end(jobId, action);
    case 'tell':
      return executors.tell(jobId, action);
    case 'delete':
      return executors.delete(jobId, action);
  }
}
