/** Pulling from a durable consumer: as much as the caller has room for, across reconnects and brokers that forgot everything. */
import type { JsMsg } from 'nats';
import { messageOf } from '../contract/errors.ts';
import type { Log } from '../runtime/log.ts';
import { retry } from '../runtime/retry.ts';
import type { Bus } from './connect.ts';
import type { ConsumerPlace } from './consumers.ts';
import { BUS_JSON_BOUNDS, parseJson } from '../runtime/json.ts';
import { isNotFound } from './not-found.ts';

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

export interface PullOptions extends ConsumerPlace {
  /** Most messages of one pull. 1 asks for the next message only when the caller does. */
  readonly batchSize: number;
  /** The consumer is not there, looked for so often. Nobody needs to do anything: the gateway makes it. */
  readonly onMissing?: (looks: number) => Promise<void>;
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

function fetchBatch(bus: Bus, { stream, consumer, batchSize, onMissing, signal }: PullOptions) {
  let looks = 0;
  const find = async () => {
    try {
      return await bus.jetStream().consumers.get(stream, consumer);
    } catch (error) {
      if (isNotFound(error)) await onMissing?.((looks += 1));
      throw error;
    }
  };
  return retry(
    async () => {
      await bus.connected(signal);
      const handle = await find();
      return handle.fetch({ max_messages: batchSize, expires: PULL_EXPIRES_MS, idle_heartbeat: PULL_HEARTBEAT_MS });
    },
    { signal, minDelayMs: 50, maxDelayMs: 500 },
  );
}

function toMessage(message: JsMsg): Message {
  const text = message.string();
  return {
    body: parseJson(text, BUS_JSON_BOUNDS),
    text,
    subject: message.subject,
    deliveries: message.info.redeliveryCount,
    ack: () => message.ack(),
    release: (delayMs) => message.nak(delayMs),
    discard: () => message.term(),
    working: () => message.working(),
  };
}
