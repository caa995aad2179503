/**
 * From the queue to the bus: sends the start command of the next job whenever an environment has room. The queue is the store's;
 * NATS only ever holds commands that a runner has a place for.
 */
import { minus, neededBy } from '@capstan/shared/amounts';
import type { Bus } from '@capstan/shared/bus/connect';
import { publish } from '@capstan/shared/bus/publish';
import { startMessageId, startSubject } from '@capstan/shared/bus/subjects';
import type { Clock } from '@capstan/shared/clock';
import type { EnvironmentId, JobId } from '@capstan/shared/contract/ids';
import type { LifecycleState } from '@capstan/shared/contract/lifecycle';
import type { StartCommand } from '@capstan/shared/contract/messages';
import { STATUS, statusRow } from '@capstan/shared/contract/status';
import { hasCode, messageOf } from '@capstan/shared/errors';
import type { Log } from '@capstan/shared/log';
import type { Service } from '@capstan/shared/service';
import { createWake } from '@capstan/shared/wake';
import type { Store } from '../store/store.ts';
import { nextDispatch } from './next-dispatch.ts';
import { freeIn } from './reserved.ts';
import type { Runners } from './runners.ts';

export interface Dispatch extends Service {
  /** Something changed: a job came or ended, a runner came, NATS is back. */
  wake(): void;
  /** Sends the start command of a job that had been sent before. */
  sendAgain(jobId: JobId): Promise<void>;
}

interface DispatchOptions {
  readonly bus: Bus;
  readonly store: Store;
  readonly runners: Runners;
  readonly clock: Clock;
  readonly log: Log;
}

interface Sending {
  readonly jobId: JobId;
  readonly run: number;
  readonly environment: EnvironmentId;
}

export function createDispatch({ bus, store, runners, clock, log }: DispatchOptions): Dispatch {
  let isStopped = false;

  const send = async ({ jobId, run, environment }: Sending) => {
    const spec = store.jobs.spec(jobId);
    const job = store.jobs.find(jobId);
    if (spec === undefined || !job) return;
    const lastStart = lastStartOf(job);
    const command: StartCommand = { v: 1, jobId, run, spec: JSON.parse(spec) as StartCommand['spec'], lastStart };
    try {
      await publish(bus, {
        subject: startSubject(environment),
        messageId: startMessageId(jobId, run),
        message: command,
      });
      log.info({ jobId, run, environment }, 'job sent to the runners');
    } catch (error) {
      // The store says that it went out: the sweep sends it again.
      if (!hasCode(error, 'BUS_UNAVAILABLE')) throw error;
      log.warn({ jobId, run, problem: messageOf(error) }, 'the start command has to wait for NATS');
    }
  };

  /** Takes jobs from the queue as long as there is room. Runs inside a transaction. */
  const take = (environment: EnvironmentId): readonly Sending[] => {
    const taken: Sending[] = [];
    const state = runners.environment(environment);
    if (!state) return taken;
    const { total, environment: offered } = state;
    const needOf = ({ jobId }: { readonly jobId: JobId }) => neededBy(store.jobResources.of(jobId), offered);
    let free = freeIn(state, store);
    for (;;) {
      const next = nextDispatch(store.queue.waitingOwners(environment), { free, total }, needOf);
      if (!next) return taken;
      const run = store.queue.markSent(next.jobId, clock.now());
      if (run !== undefined) taken.push({ jobId: next.jobId, run, environment });
      free = minus(free, needOf(next));
    }
  };

  const dispatch = async () => {
    if (isStopped || !bus.isConnected()) return;
    const environments = runners
      .environments()
      .filter(({ environment, isLive }) => isLive && store.queue.hasWaiting(environment.id))
      .map(({ environment }) => environment.id);
    if (environments.length === 0) return;
    const taken = await store.write(() => environments.flatMap(take));
    await Promise.all(taken.map(send));
  };

  const wake = createWake(dispatch, (error) => log.error({ err: error }, 'dispatching failed'));

  return {
    name: 'dispatch',
    start() {
      isStopped = false;
      wake.wake();
      return Promise.resolve();
    },
    async stop() {
      isStopped = true;
      await wake.idle();
    },
    wake: () => wake.wake(),
    async sendAgain(jobId) {
      const sending = await store.write(() => {
        const job = store.jobs.find(jobId);
        const run = job && store.queue.markSent(jobId, clock.now());
        return job && run !== undefined ? { jobId, run, environment: job.environment } : undefined;
      });
      if (sending) await send(sending);
    },
  };
}

/** An attempt counts as started once that was told; those before it were, or were given up. */
function lastStartOf({ attempt, code }: LifecycleState): number {
  return statusRow(code).rank >= STATUS.running.rank ? attempt : Math.max(0, attempt - 1);
}
