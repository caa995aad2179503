/**
 * The outbox of events: keeps each one until JetStream has it, in order for each job, so that nothing on the way of a job waits for
 * NATS. It holds a handful of events a job; the manifest and the engine remember the rest if the runner dies.
 */
import type { Bus } from '@capstan/shared/bus/connect';
import { mostThatFit } from '@capstan/shared/bus/size';
import { publish } from '@capstan/shared/bus/publish';
import { eventMessageId, eventSubject } from '@capstan/shared/bus/subjects';
import type { JobId } from '@capstan/shared/contract/ids';
import type { JobEvent } from '@capstan/shared/contract/messages';
import { statusText } from '@capstan/shared/contract/status';
import { hasCode, messageOf } from '@capstan/shared/contract/errors';
import type { Log } from '@capstan/shared/runtime/log';
import { unlessAborted } from '@capstan/shared/runtime/unless-aborted';
import { retry } from '@capstan/shared/runtime/retry';
import type { Service } from '@capstan/shared/runtime/service';

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

  const send = (event: JobEvent, isBare = false) =>
    retry(
      async () => {
        await bus.connected(stopping.signal);
        // Measured each time: the server may have been started again with another limit.
        const message = isBare ? withResults(event, 0) : fitted(bus, event);
        await publish(bus, { subject: eventSubject(event.jobId), messageId: eventMessageId(event), message });
      },
      {
        signal: stopping.signal,
        maxDelayMs: 1_000,
        onRetry: (error) =>
          log.debug({ jobId: event.jobId, run: event.run, problem: messageOf(error) }, 'an event waits for NATS'),
      },
    );

  /** A stream may take less than its server says: then a list is told by where it stands alone. What still is too much can't be told. */
  const sendSomehow = async (event: JobEvent) => {
    const hasList = (event.details.results?.length ?? 0) > 0;
    for (const isBare of hasList ? [false, true] : [false]) {
      try {
        return await send(event, isBare);
      } catch (error) {
        if (!hasCode(error, 'MESSAGE_TOO_LARGE')) throw error;
        const { jobId, code } = event;
        log.error({ jobId, code, problem: error.message }, 'an event is too large; set max_payload of NATS to 1 MB');
      }
    }
    return undefined;
  };

  const drain = async (lane: Lane) => {
    for (let next = lane.waiting[0]; next; next = lane.waiting[0]) {
      await sendSomehow(next);
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
      log.info(told(event), statusText(event.code));
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

/** One line for each step of a job, with the reason where it ends one. */
function told({ jobId, run, attempt, code, details }: JobEvent) {
  const { termination } = details;
  return { jobId, run, attempt, code, ...(termination === undefined ? {} : { reason: termination.reason }) };
}

/** A list of results that is too long is told by its beginning, and by where the whole of it stands. */
function fitted(bus: Bus, event: JobEvent): JobEvent {
  const { results = [] } = event.details;
  if (results.length === 0) return event;
  const some = mostThatFit(bus, results, (list) => withResults(event, list.length));
  return withResults(event, some?.length ?? 0);
}

function withResults(event: JobEvent, count: number): JobEvent {
  const { results = [], ...details } = event.details;
  if (count >= results.length) return event;
  return { ...event, details: { ...details, results: results.slice(0, count), resultsInManifest: results.length } };
}
