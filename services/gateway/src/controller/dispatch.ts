/**
 * From the queue to the bus: sends the start command of the next job whenever an environment has room. The queue is the store's;
 * NATS only ever holds commands that a runner has a place for.
 */
import { minus, neededBy } from '@capstan/shared/contract/amounts';
import type { Bus } from '@capstan/shared/bus/connect';
import { publish } from '@capstan/shared/bus/publish';
import { startMessageId, startSubject } from '@capstan/shared/bus/subjects';
import type { Clock } from '@capstan/shared/runtime/clock';
import type { EnvironmentId, JobId } from '@capstan/shared/contract/ids';
import type { LifecycleState } from '@capstan/shared/contract/lifecycle';
import type { StartCommand } from '@capstan/shared/contract/messages';
import { isEnding, STATUS, statusRow } from '@capstan/shared/contract/status';
import { CapstanError, hasCode, messageOf } from '@capstan/shared/contract/errors';
import type { Log } from '@capstan/shared/runtime/log';
import { retry } from '@capstan/shared/runtime/retry';
import type { Service } from '@capstan/shared/runtime/service';
import { createWake } from '@capstan/shared/runtime/wake';
import type { Room } from '../quotas/room.ts';
import type { Store } from '../store/store.ts';
import { failTooLarge } from './fail-too-large.ts';
import { nextDispatch } from '../scheduling/fair-share.ts';
import { freeIn } from '../scheduling/reservations.ts';
import type { Runners } from '../scheduling/runners.ts';

export interface Dispatch extends Service {
  /** Something changed: a job came or ended, a runner came, NATS is back. */
  wake(): void;
  /** Sends the start command of a job that had been sent before. */
  sendAgain(jobId: JobId): Promise<void>;
  /** Why the last command could not be sent, if it could not. */
  problem(): string | undefined;
}

interface DispatchOptions {
  readonly bus: Bus;
  readonly store: Store;
  readonly runners: Runners;
  /** Quotas: whose kept results leave no room for more. */
  readonly room: Pick<Room, 'whoMayBegin'>;
  readonly clock: Clock;
  readonly log: Log;
}

interface Sending {
  readonly jobId: JobId;
  readonly run: number;
  /** Counts how often its command went out. */
  readonly sending: number;
  readonly environment: EnvironmentId;
}

export function createDispatch({ bus, store, runners, room, clock, log }: DispatchOptions): Dispatch {
  let isStopped = false;
  let stopping = new AbortController();
  let problem: string | undefined;

  /** Resolves to whether it is done with: it went out, or there is nothing to send any more. */
  const sendOnce = async ({ jobId, run, sending, environment }: Sending): Promise<boolean> => {
    const spec = store.jobs.spec(jobId);
    const job = store.jobs.find(jobId);
    const isOver = !job || job.run !== run || isEnding(job.code) || runners.isAnnounced(jobId, run);
    if (spec === undefined || isOver) return true;
    const command: StartCommand = {
      v: 1,
      jobId,
      run,
      spec: JSON.parse(spec) as StartCommand['spec'],
      lastStart: lastStartOf(job),
      ...(job.start ? { startedBy: job.start } : {}),
      confirmsStarts: true,
    };
    try {
      await publish(bus, {
        subject: startSubject(environment),
        messageId: startMessageId(jobId, run, sending),
        message: command,
      });
      problem = undefined;
      log.info({ jobId, run, environment }, 'job sent to the runners');
      return true;
    } catch (error) {
      if (hasCode(error, 'MESSAGE_TOO_LARGE')) {
        await store.write((transaction) => failTooLarge(store, transaction, { jobId, run, at: clock.now() }));
        log.error({ jobId, run, problem: error.message }, 'a job can not be handed to a runner, and has ended');
        return true;
      }
      if (!hasCode(error, 'BUS_UNAVAILABLE')) throw error;
      problem = messageOf(error);
      log.warn({ jobId, run, problem }, 'the start command has to wait for NATS');
      return false;
    }
  };

  /** The store says that it went out, and its place is taken: it is tried on as soon as NATS is there. The same sending again is harmless. */
  const tryOn = async (sending: Sending) => {
    const { signal } = stopping;
    await retry(
      async () => {
        await bus.connected(signal);
        if (!(await sendOnce(sending))) throw new CapstanError('BUS_UNAVAILABLE', 'NATS did not take a start command.');
      },
      { signal, maxDelayMs: 2_000 },
    );
  };
  const send = async (sending: Sending) => {
    if (await sendOnce(sending)) return;
    tryOn(sending).catch((error: unknown) => {
      if (!stopping.signal.aborted) log.error({ err: error }, 'dispatching failed');
    });
  };

  /** Takes jobs from the queue as long as there is room. Runs inside a transaction. */
  const take = (environment: EnvironmentId): readonly Sending[] => {
    const taken: Sending[] = [];
    const state = runners.environment(environment);
    if (!state) return taken;
    const { total, environment: offered } = state;
    const needOf = ({ jobId }: { readonly jobId: JobId }) => neededBy(store.jobResources.of(jobId), offered);
    const mayBegin = room.whoMayBegin();
    let free = freeIn(state, store);
    for (;;) {
      const next = nextDispatch(store.queue.waitingOwners(environment).filter(mayBegin), { free, total }, needOf);
      if (!next) return taken;
      const sent = store.queue.markSent(next.jobId, clock.now());
      if (sent) taken.push({ jobId: next.jobId, ...sent, environment });
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
      stopping = new AbortController();
      wake.wake();
      return Promise.resolve();
    },
    async stop() {
      isStopped = true;
      stopping.abort();
      await wake.idle();
    },
    wake: () => wake.wake(),
    problem: () => problem,
    async sendAgain(jobId) {
      const sending = await store.write(() => {
        const job = store.jobs.find(jobId);
        const sent = job && store.queue.markSent(jobId, clock.now());
        return sent ? { jobId, ...sent, environment: job.environment } : undefined;
      });
      if (sending) await send(sending);
    },
  };
}

/** An attempt counts as started once that was told; those before it were, or were given up. */
function lastStartOf({ attempt, code }: LifecycleState): number {
  return statusRow(code).rank >= STATUS.running.rank ? attempt : Math.max(0, attempt - 1);
}
