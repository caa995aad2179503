/**
 * The outbox of events: keeps each one until JetStream has it, in order for each job, so that nothing on the way of a job waits for
 * NATS. It holds a handful of events a job; the manifest and the engine remember the rest if the runner dies.
 */
import type { Bus } from '@capstan/shared/bus/connect';
import { publish } from '@capstan/shared/bus/publish';
import { eventMessageId, eventSubject } from '@capstan/shared/bus/subjects';
import type { JobId } from '@capstan/shared/contract/ids';
import type { JobEvent } from '@capstan/shared/contract/messages';
import { messageOf } from '@capstan/shared/errors';
import type { Log } from '@capstan/shared/log';
import { unlessAborted } from '@capstan/shared/unless-aborted';
import { retry } from '@capstan/shared/retry';
import type { Service } from '@capstan/shared/service';

export interface Outbox extends Service {
  emit(event: JobEvent): void;
  /** Resolves when NATS has every event of the job, rejects if the signal aborts before. */
  settled(jobId: JobId, signal: AbortSignal): Promise<void>;
  /** Called when the runner is done with a job: its events won't be asked for again. */
  forget(jobId: JobId): void;
}

interface Lane {
  readonly waiting: JobEvent[];
  latest: JobEvent;
  sending: Promise<void> | undefined;
}

export function createOutbox({ bus, log }: { bus: Bus; log: Log }): Outbox {
  const lanes = new Map<JobId, Lane>();
  const stopping = new AbortController();

  const send = (event: JobEvent) =>
    retry(
      async () => {
        await bus.connected(stopping.signal);
        await publish(bus, { subject: eventSubject(event.jobId), messageId: eventMessageId(event), message: event });
      },
      {
        signal: stopping.signal,
        maxDelayMs: 1_000,
        onRetry: (error) =>
          log.debug({ jobId: event.jobId, run: event.run, problem: messageOf(error) }, 'an event waits for NATS'),
      },
    );

  const drain = async (lane: Lane) => {
    for (let next = lane.waiting[0]; next; next = lane.waiting[0]) {
      await send(next);
      lane.waiting.shift();
    }
    lane.sending = undefined;
  };

  const push = (lane: Lane, event: JobEvent) => {
    lane.waiting.push(event);
    lane.sending ??= drain(lane);
    lane.sending.catch(() => undefined); // Only a stop ends it, and the stop is what its waiters see.
  };

  // Streams that had to be made anew have lost what was on its way: the last event of each job says enough by itself.
  const sendAgain = () => {
    for (const lane of lanes.values()) {
      if (lane.waiting.length === 0) push(lane, lane.latest);
    }
  };

  let forgetBus: (() => void) | undefined;
  return {
    name: 'outbox',
    start() {
      forgetBus = bus.onConnected(({ isFresh }) => {
        if (isFresh) sendAgain();
      });
      return Promise.resolve();
    },
    stop() {
      forgetBus?.();
      stopping.abort();
      return Promise.resolve();
    },
    emit(event) {
      log.info({ jobId: event.jobId, run: event.run, attempt: event.attempt, code: event.code }, 'job event');
      const lane = lanes.get(event.jobId) ?? { waiting: [], latest: event, sending: undefined };
      lanes.set(event.jobId, lane);
      lane.latest = event;
      push(lane, event);
    },
    async settled(jobId, signal) {
      const sending = lanes.get(jobId)?.sending;
      if (sending) await unlessAborted(sending, signal);
    },
    forget: (jobId) => void lanes.delete(jobId),
  };
}
