/** The connection to NATS: made in the background, remade for ever, and told about each time it is usable. */
import {
  connect as connectNats,
  DebugEvents,
  Events,
  type ConnectionOptions,
  type JetStreamClient,
  type NatsConnection,
} from 'nats';
import type { Config } from '../config/schema.ts';
import { CapstanError, messageOf } from '../errors.ts';
import type { Log } from '../log.ts';
import { retry } from '../retry.ts';
import type { Service } from '../service.ts';
import { ensureStreams } from './streams.ts';

/** Called whenever NATS is usable and its streams exist. `isFresh`: streams are new, so what was in flight is lost. */
export type ConnectedListener = (connected: { readonly isFresh: boolean }) => void;

export interface Bus extends Service {
  isConnected(): boolean;
  /** What the server takes as one message, in bytes; undefined until the first connection. */
  maxPayloadBytes(): number | undefined;
  onConnected(listener: ConnectedListener): () => void;
  /** For the other files of this folder. Throws BUS_UNAVAILABLE while there is no connection. */
  jetStream(): JetStreamClient;
  connection(): NatsConnection;
  /** Resolves at the next usable connection, at once if there is one. */
  connected(signal: AbortSignal): Promise<void>;
}

interface BusOptions {
  readonly nats: Config['nats'];
  readonly name: string;
  readonly log: Log;
  /** Makes a connection; the simulation has a network of its own. */
  readonly dial?: (options: ConnectionOptions) => Promise<NatsConnection>;
}

const RECONNECT_WAIT_MS = 200;
/** A peer that swallows what we send is noticed after about two of these. */
const PING_INTERVAL_MS = 5_000;

export function createBus({ nats, name, log, dial = connectNats }: BusOptions): Bus {
  const listeners = new Set<ConnectedListener>();
  const stopping = new AbortController();
  let connection: NatsConnection | undefined;
  let isUsable = false;
  let lastGeneration: string | undefined;

  const unavailable = () =>
    // Clients may see this text: it names no address, which might hold a password besides.
    new CapstanError(
      'BUS_UNAVAILABLE',
      'NATS is not reachable. Is nats-server running, and does nats.servers name it?',
    );

  const becomeUsable = async (current: NatsConnection) => {
    const { generation, isMade } = await retry(async () => ensureStreams(await current.jetstreamManager()), {
      signal: stopping.signal,
      onRetry: (error) => log.warn({ problem: messageOf(error) }, 'JetStream is not ready yet'),
    });
    // Another client may have made them anew before us: what we sent is lost all the same.
    const isFresh = isMade || (lastGeneration !== undefined && lastGeneration !== generation);
    lastGeneration = generation;
    isUsable = true;
    log.info({ server: current.getServer(), isFresh }, 'NATS connected');
    for (const listener of listeners) listener({ isFresh });
  };

  const ignoreStop = (error: unknown) => {
    if (!stopping.signal.aborted) log.error({ err: error }, 'NATS connection failed');
  };

  const watch = async (current: NatsConnection) => {
    for await (const status of current.status()) {
      if (status.type === Events.Disconnect) {
        isUsable = false;
        log.warn('NATS connection lost, reconnecting');
      } else if (status.type === Events.Reconnect) {
        becomeUsable(current).catch(ignoreStop);
      } else if (status.type === DebugEvents.StaleConnection) {
        log.warn('NATS does not answer');
      }
    }
  };

  const connect = async () => {
    connection = await retry(
      () =>
        dial({
          servers: [...nats.servers],
          name,
          // Answers come to subjects of our own: a server that knows its users lets nobody else listen there.
          inboxPrefix: `_INBOX_${nats.user ?? name}`,
          ...(nats.user === undefined ? {} : { user: nats.user }),
          ...(nats.password === undefined ? {} : { pass: nats.password }),
          maxReconnectAttempts: -1,
          reconnectTimeWait: RECONNECT_WAIT_MS,
          reconnectJitter: RECONNECT_WAIT_MS / 2,
          pingInterval: PING_INTERVAL_MS,
          maxPingOut: 2,
        }),
      {
        signal: stopping.signal,
        maxDelayMs: 1_000,
        onRetry: (error, attempt) => {
          if (attempt === 1) log.warn({ problem: messageOf(error) }, 'NATS is not reachable, trying on');
        },
      },
    );
    watch(connection).catch(ignoreStop);
    await becomeUsable(connection);
  };

  const onConnected = (listener: ConnectedListener) => {
    listeners.add(listener);
    return () => void listeners.delete(listener);
  };

  return {
    name: 'nats',
    start() {
      connect().catch(ignoreStop);
      return Promise.resolve();
    },
    async stop() {
      stopping.abort();
      isUsable = false;
      const current = connection;
      connection = undefined;
      if (current && !current.isClosed()) await current.close();
    },
    isConnected: () => isUsable,
    maxPayloadBytes: () => connection?.info?.max_payload,
    onConnected,
    jetStream() {
      if (!connection || !isUsable) throw unavailable();
      return connection.jetstream();
    },
    connection() {
      if (!connection || !isUsable) throw unavailable();
      return connection;
    },
    connected(signal) {
      if (isUsable) return Promise.resolve();
      return new Promise((resolve, reject) => {
        const settle = (finish: () => void) => () => {
          forget();
          signal.removeEventListener('abort', aborted);
          finish();
        };
        const aborted = settle(() => reject(signal.reason as Error));
        const forget = onConnected(settle(resolve));
        signal.addEventListener('abort', aborted, { once: true });
        if (signal.aborted) aborted();
      });
    },
  };
}
