/** The connection to NATS: made in the background, remade for ever, and told about each time it is usable. */
import {
  connect as connectNats,
  DebugEvents,
  Events,
  type ConnectionOptions,
  type JetStreamClient,
  type JetStreamManager,
  type NatsConnection,
} from 'nats';
import type { Config } from '../config/schema.ts';
import type { EnvironmentId } from '../contract/ids.ts';
import { CapstanError, messageOf } from '../contract/errors.ts';
import type { Log } from '../runtime/log.ts';
import { retry } from '../runtime/retry.ts';
import type { Service } from '../runtime/service.ts';
import { ensureStreams, findStrangers, findStreams } from './streams.ts';

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
  /** With the right to make things, which a client of its own has where the configuration names one. */
  administer<T>(work: (manager: JetStreamManager) => Promise<T>): Promise<T>;
}

/** Who has this makes what the broker must have. Who has not waits until it is there. */
export interface Making {
  /** Those that there are consumers for from the beginning. */
  readonly environments: () => readonly EnvironmentId[];
}

interface BusOptions {
  readonly nats: Config['nats'];
  readonly name: string;
  readonly log: Log;
  readonly makes?: Making;
  /** Makes a connection; the simulation has a network of its own. */
  readonly dial?: (options: ConnectionOptions) => Promise<NatsConnection>;
}

const RECONNECT_WAIT_MS = 200;
/** A peer that swallows what we send is noticed after three of these. */
const PING_INTERVAL_MS = 1_500;
/** Looks, after which whoever waits for the streams tries to make them: the gateway may be of a version that doesn't make them all. */
const PATIENT_LOOKS = 10;
const ADMIN_LIMIT_MS = 10_000;

export function createBus({ nats, name, log, makes, dial = connectNats }: BusOptions): Bus {
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

  const login = (user: string | undefined, pass: string | undefined, connectionName: string): ConnectionOptions => ({
    servers: [...nats.servers],
    name: connectionName,
    // Of each request it would take down a stack beforehand, for the error that hardly any has.
    noAsyncTraces: true,
    // Answers come to subjects of our own: a server that knows its users lets nobody else listen there.
    inboxPrefix: `_INBOX_${user ?? connectionName}`,
    ...(user === undefined ? {} : { user }),
    ...(pass === undefined ? {} : { pass }),
  });

  const administerOn = async <T>(current: NatsConnection, work: (manager: JetStreamManager) => Promise<T>) => {
    if (nats.adminUser === undefined) return work(await current.jetstreamManager({ checkAPI: false }));
    const admin = await dial({
      ...login(nats.adminUser, nats.adminPassword, `${name}-admin`),
      reconnect: false,
      timeout: ADMIN_LIMIT_MS,
    });
    try {
      return await work(await admin.jetstreamManager({ checkAPI: false }));
    } finally {
      await admin.close();
    }
  };

  const make = (current: NatsConnection) =>
    administerOn(current, (manager) => ensureStreams(manager, { environments: makes?.environments() ?? [], log }));

  const warnOfStrangers = async (current: NatsConnection) => {
    const strangers = await administerOn(current, findStrangers);
    if (strangers.length > 0)
      log.error({ strangers }, 'somebody has put things on NATS that could copy or forge messages; remove them');
  };

  const look = async (current: NatsConnection) => {
    const found = await findStreams(await current.jetstreamManager({ checkAPI: false }));
    if (found) return found;
    throw new CapstanError('BUS_UNAVAILABLE', 'The gateway has not made the streams yet.');
  };

  const becomeUsable = async (current: NatsConnection) => {
    let looks = 0;
    const { generation, isMade } = await retry(
      () => ((looks += 1) % PATIENT_LOOKS === 0 || makes ? make(current) : look(current)),
      {
        signal: stopping.signal,
        maxDelayMs: 1_000,
        onRetry: (error, attempt) => {
          if (makes || attempt === PATIENT_LOOKS) log.warn({ problem: messageOf(error) }, 'JetStream is not ready yet');
        },
      },
    );
    // Another client may have made them anew before us: what we sent is lost all the same.
    const isFresh = isMade || (lastGeneration !== undefined && lastGeneration !== generation);
    lastGeneration = generation;
    isUsable = true;
    log.info({ server: current.getServer(), isFresh }, 'NATS connected');
    for (const listener of listeners) listener({ isFresh });
    if (!makes) return;
    warnOfStrangers(current).catch((error: unknown) =>
      log.debug({ problem: messageOf(error) }, 'could not look what else is on NATS'),
    );
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
          ...login(nats.user, nats.password, name),
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
    administer(work) {
      if (!connection || !isUsable) return Promise.reject(unavailable());
      return administerOn(connection, work);
    },
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
