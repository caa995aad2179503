/** JetStream as far as `shared/bus` uses it: streams, durable consumers that are pulled from, and buckets. */
import type { JetStreamClient, JetStreamManager } from 'nats';
import { createBucket } from './bucket.ts';
import type { Connection } from './connection.ts';
import { createQueue } from './queue.ts';
import type { StreamSettings } from './server.ts';
import { matches, type Delivery, type PullRequest, type Stream } from './stream.ts';
import type { Network } from './wire.ts';

const NANOS = 1_000_000;
const STREAM_NOT_FOUND = 10_059;
/** Two heartbeats that don't come end a pull. */
const MISSED_MS = 4_000;

const notFound = (what: string) =>
  Object.assign(new Error(`${what} not found`), { api_error: { err_code: STREAM_NOT_FOUND, code: 404 } });

async function* nothing() {}

export function createManager({ server }: Network, connection: Connection): JetStreamManager {
  const known = (name: string): Stream => {
    const stream = server.stream(name);
    if (!stream) throw notFound(`stream ${name}`);
    return stream;
  };
  const lastSeqOf = (name: string) =>
    name.startsWith('KV_')
      ? Math.max(0, ...[...server.bucket(name.replace('KV_', '')).values()].map(({ revision }) => revision))
      : 0;
  return {
    streams: {
      info: (name: string) =>
        connection.wire().ask(`looking for stream ${name}`, () => ({
          created: known(name).created,
          config: server.settings(name),
          state: { last_seq: lastSeqOf(name) },
        })),
      add: (config: StreamSettings) =>
        connection.wire().ask(`making stream ${config.name}`, () => ({ created: server.makeStream(config).created })),
      list: nothing,
      getMessage: (name: string, { seq, next_by_subj: filter }: { seq: number; next_by_subj: string }) =>
        connection.wire().ask(`reading ${name}`, () => {
          const bucket = name.replace('KV_', '');
          const found = [...server.bucket(bucket)]
            .map(([key, { text, revision }]) => ({
              seq: revision,
              subject: `$KV.${bucket}.${key}`,
              string: () => text,
            }))
            .filter((word) => word.seq >= seq && matches(filter, word.subject))
            .toSorted((one, other) => one.seq - other.seq);
          if (!found[0]) throw notFound('message');
          return found[0];
        }),
    },
    consumers: {
      list: nothing,
      info: (stream: string, name: string) =>
        connection.wire().ask(`looking for consumer ${name}`, () => {
          const config = known(stream).consumer(name);
          if (!config) throw notFound(`consumer ${name}`);
          return { name, config: { filter_subject: config.filter } };
        }),
      add: (
        stream: string,
        config: { durable_name: string; filter_subject: string; ack_wait: number; max_ack_pending: number },
      ) =>
        connection.wire().ask(`making consumer ${config.durable_name}`, () =>
          known(stream).addConsumer({
            name: config.durable_name,
            filter: config.filter_subject,
            ackWaitMs: config.ack_wait / NANOS,
            maxUnacked: config.max_ack_pending,
          }),
        ),
    },
  } as unknown as JetStreamManager;
}

export function createJetStream(network: Network, connection: Connection): JetStreamClient {
  const { server } = network;
  return {
    publish: (subject: string, text: string, { msgID, timeout }: { msgID?: string; timeout?: number } = {}) =>
      connection.wire().ask(
        `publishing ${msgID ?? subject}`,
        () => {
          const stream = server.streamOf(subject);
          if (!stream) throw new Error('NO_RESPONDERS');
          stream.publish({ subject, text, messageId: msgID });
        },
        timeout,
      ),
    jetstreamManager: () => Promise.resolve(createManager(network, connection)),
    consumers: {
      get: (stream: string, name: string) =>
        connection.wire().ask(`looking for consumer ${name}`, () => {
          if (!server.stream(stream)?.hasConsumer(name)) throw notFound(`consumer ${name}`);
          return {
            fetch: (options: { max_messages: number; expires: number }) =>
              Promise.resolve(fetch(network, { connection, stream, name, ...options })),
          };
        }),
    },
    views: { kv: (name: string) => createBucket(network, connection, name) },
  } as unknown as JetStreamClient;
}

interface Fetching {
  readonly connection: Connection;
  readonly stream: string;
  readonly name: string;
  readonly max_messages: number;
  readonly expires: number;
}

/** One pull: as many messages as were asked for, or until it is over. */
function fetch(network: Network, { connection, stream, name, max_messages, expires }: Fetching) {
  const { world, server } = network;
  const wire = connection.wire();
  const messages = createQueue<ReturnType<typeof toMessage>>();
  let left = max_messages;
  const stop = () => {
    messages.stop();
    over.cancel();
    wire.send('withdrawing a pull', () => server.stream(stream)?.withdraw(name, request));
  };
  const over = world.after(expires, stop);
  const request: PullRequest = {
    left: max_messages,
    deliver: (delivery) =>
      wire.receive(() => {
        messages.push(toMessage(network, { connection, stream, name, delivery }));
        left -= 1;
        if (left === 0) stop();
      }),
  };
  wire.onClose(() => {
    server.stream(stream)?.withdraw(name, request);
    world.after(MISSED_MS, () => messages.stop());
  });
  wire.send('pulling', () => {
    if (wire.isOpen()) server.stream(stream)?.request(name, request);
  });
  return { [Symbol.asyncIterator]: () => messages.values(), stop };
}

interface Delivered {
  readonly connection: Connection;
  readonly stream: string;
  readonly name: string;
  readonly delivery: Delivery;
}

function toMessage(network: Network, { connection, stream, name, delivery }: Delivered) {
  const { server, world } = network;
  const { seq, subject, text, deliveries } = delivery;
  const answer = (kind: 'ack' | 'nak' | 'term' | 'working') => () => {
    const lost = world.random.chance(network.lossOfAcks());
    try {
      connection.wire().send(`${kind} of ${stream} ${seq}`, () => {
        if (!lost) server.stream(stream)?.acknowledge(name, seq, kind);
      });
    } catch {
      // Without a connection the real client says nothing either.
    }
  };
  return {
    subject,
    string: () => text,
    info: { redeliveryCount: deliveries },
    ack: answer('ack'),
    nak: answer('nak'),
    term: answer('term'),
    working: answer('working'),
  };
}
