/** A NATS server for one test, with clients of ours on it, that can fall over, come back, and lose all it kept. */
import { cp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { createBus, type Bus } from '@capstan/shared/bus/connect';
import { pull, type Message, type PullOptions } from '@capstan/shared/bus/consume';
import { addConsumer, type NewConsumer } from '@capstan/shared/bus/consumers';
import { createLog } from '@capstan/shared/runtime/log';
import { freePort } from '../../../scripts/parts/free-port.ts';
import { startNats, wipeNats, type Nats, type NatsAccess } from '../../../scripts/parts/nats.ts';
import { temporaryFolder } from '../../../scripts/parts/temporary-folder.ts';

export const log = createLog('test', 'silent');
const LIMIT_MS = 60_000;

/** Fails, naming what did not come, instead of waiting for ever. */
export async function within<T>(promise: Promise<T>, what: string): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`${what} did not come within ${LIMIT_MS} ms`)), LIMIT_MS);
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

export interface Broker extends AsyncDisposable {
  start(): Promise<void>;
  stop(): Promise<void>;
  /** Away and back: as after a crash, or with its disk lost. */
  restart(options?: { readonly isWiped: boolean }): Promise<void>;
  /** A client that is not started yet. */
  bus(): Bus;
  /** A client that is connected. */
  connectedBus(): Promise<Bus>;
  /** Keeps what is on its disk now; what it resolves to brings that back, as after a machine that lost its last writes. */
  keep(): Promise<() => Promise<void>>;
  /** Where it is reached: for a client by another way. */
  readonly access: NatsAccess;
  /** Aborts when the test is over. */
  readonly signal: AbortSignal;
}

export async function aBroker({ isStarted = true } = {}): Promise<Broker> {
  const folder = await temporaryFolder('bus');
  const access: NatsAccess = { port: await freePort(), user: 'capstan', password: 'for this test' };
  const over = new AbortController();
  const buses: Bus[] = [];
  let nats: Nats | undefined;

  const broker: Broker = {
    signal: over.signal,
    access,
    async start() {
      nats = await startNats({ dir: folder.path, access });
    },
    async stop() {
      await nats?.kill();
      nats = undefined;
    },
    async restart({ isWiped } = { isWiped: false }) {
      await broker.stop();
      if (isWiped) await wipeNats(folder.path);
      await broker.start();
    },
    async keep() {
      const [store, kept] = [join(folder.path, 'store'), join(folder.path, 'kept')];
      await broker.stop();
      await cp(store, kept, { recursive: true });
      await broker.start();
      return async () => {
        await broker.stop();
        await rm(store, { recursive: true });
        await cp(kept, store, { recursive: true });
        await broker.start();
      };
    },
    bus() {
      const { port, user, password } = access;
      const bus = createBus({
        nats: { servers: [`nats://127.0.0.1:${port}`], user, password },
        name: 'test',
        log,
        makes: { environments: () => [] },
      });
      buses.push(bus);
      return bus;
    },
    async connectedBus() {
      const bus = broker.bus();
      await bus.start();
      await within(bus.connected(over.signal), 'the connection');
      return bus;
    },
    async [Symbol.asyncDispose]() {
      over.abort();
      for (const bus of buses) await bus.stop();
      await broker.stop();
      await folder[Symbol.asyncDispose]();
    },
  };
  if (isStarted) await broker.start();
  return broker;
}

/** Resolves at the next time the bus tells that it is usable. */
export function nextConnection(bus: Bus): Promise<{ readonly isFresh: boolean }> {
  const { promise, resolve } = Promise.withResolvers<{ readonly isFresh: boolean }>();
  const forget = bus.onConnected((connected) => {
    forget();
    resolve(connected);
  });
  return within(promise, 'a connection');
}

/** A durable consumer of one environment's commands; `next` waits for a message. */
export function puller(
  bus: Bus,
  signal: AbortSignal,
  { batchSize = 10, ...options }: Partial<NewConsumer> & Partial<Pick<PullOptions, 'batchSize'>> = {},
) {
  const place = {
    stream: 'JOBS',
    consumer: 'runner-local',
    subject: 'jobs.start.local',
    ackWaitMs: 30_000,
    maxUnacked: 100,
    ...options,
  };
  const messages = pull(bus, {
    ...place,
    batchSize,
    onMissing: () => bus.administer((manager) => addConsumer(manager, place)),
    log,
    signal,
  });
  return {
    async next(): Promise<Message> {
      const { value } = await within(messages.next(), 'a message');
      if (!value) throw new Error('the pull has ended');
      return value as Message;
    },
    /** Whether it has ended, without an error. */
    ended: async () => (await within(messages.next(), 'the end of the pull')).done === true,
  };
}

/** Collects what a callback is told; `until` waits for one that fits. */
export function heard<T>() {
  const items: T[] = [];
  const waiting = new Set<() => void>();
  return {
    items,
    take(item: T) {
      items.push(item);
      for (const look of waiting) look();
    },
    until(fits: (item: T) => boolean, what: string): Promise<T> {
      const { promise, resolve } = Promise.withResolvers<T>();
      const look = () => {
        const found = items.find(fits);
        if (found === undefined) return;
        waiting.delete(look);
        resolve(found);
      };
      waiting.add(look);
      look();
      return within(promise, what);
    },
  };
}
