/** Pulling from a durable consumer: as much as the caller has room for, across reconnects and brokers that forgot everything. */
import { AckPolicy, DeliverPolicy, type JsMsg, nanos } from 'nats';
import { messageOf } from '../errors.ts';
import type { Log } from '../log.ts';
import { retry } from '../retry.ts';
import type { Bus } from './connect.ts';
import { parseJson } from '../json.ts';

const PULL_EXPIRES_MS = 30_000;
/** The server tells this often that a pull is still known; two missing ones end it, and it is made anew. */
const PULL_HEARTBEAT_MS = 2_000;

export interface Message {
  /** The message as JSON, or undefined if it is none. */
  readonly body: unknown;
  readonly text: string;
  readonly subject: string;
  /** How often it was delivered, this time included. */
  readonly deliveries: number;
  ack(): void;
  /** Gives it back for redelivery, at once or after a time. */
  release(delayMs?: number): void;
  /** Never deliver it again. */
  discard(): void;
  /** Tells the server that work goes on, so that it does not redeliver. */
  working(): void;
}

export interface PullOptions {
  readonly stream: string;
  readonly consumer: string;
  readonly subject: string;
  /** After this time without ack or `working()` the message goes to the next who asks. */
  readonly ackWaitMs: number;
  /** Most messages of one pull. 1 asks for the next message only when the caller does. */
  readonly batchSize: number;
  readonly maxUnacked: number;
  readonly log: Log;
  readonly signal: AbortSignal;
}

/** Messages as they come, until the signal aborts. Asks for more only when the caller asks for the next one. */
export async function* pull(bus: Bus, options: PullOptions): AsyncGenerator<Message> {
  const { signal, log } = options;
  while (!signal.aborted) {
    try {
      await bus.connected(signal);
      const batch = await fetchBatch(bus, options);
      const end = () => batch.stop();
      const forget = bus.onConnected(end);
      signal.addEventListener('abort', end, { once: true });
      try {
        for await (const message of batch) yield toMessage(message);
      } finally {
        forget();
        signal.removeEventListener('abort', end);
        batch.stop();
      }
    } catch (error) {
      if (signal.aborted) return;
      log.debug({ problem: messageOf(error), consumer: options.consumer }, 'pull ended, pulling again');
    }
  }
}

function fetchBatch(bus: Bus, { stream, consumer, subject, ackWaitMs, batchSize, maxUnacked, signal }: PullOptions) {
  return retry(
    async () => {
      await bus.connected(signal);
      const manager = await bus.jetStream().jetstreamManager(false);
      await manager.consumers.add(stream, {
        durable_name: consumer,
        filter_subject: subject,
        ack_policy: AckPolicy.Explicit,
        deliver_policy: DeliverPolicy.All,
        ack_wait: nanos(ackWaitMs),
        max_ack_pending: maxUnacked,
      });
      const handle = await bus.jetStream().consumers.get(stream, consumer);
      return handle.fetch({ max_messages: batchSize, expires: PULL_EXPIRES_MS, idle_heartbeat: PULL_HEARTBEAT_MS });
    },
    { signal, minDelayMs: 50, maxDelayMs: 1_000 },
  );
}

function toMessage(message: JsMsg): Message {
  const text = message.string();
  return {
    body: parseJson(text),
    text,
    subject: message.subject,
    deliveries: message.info.redeliveryCount,
    ack: () => message.ack(),
    release: (delayMs) => message.nak(delayMs),
    discard: () => message.term(),
    working: () => message.working(),
  };
}
