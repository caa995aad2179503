/**
 * The NATS client as far as `shared/bus` uses it, on the fake server. Like the real one it makes a lost connection anew by itself, renews
 * its subscriptions, and loses what was on its way.
 */
import { Events, type DebugEvents, type ConnectionOptions, type NatsConnection, type Status } from 'nats';
import type { Process } from '../world/process.ts';
import { createJetStream, createManager } from './jetstream.ts';
import { createQueue } from './queue.ts';
import type { Listening } from './server.ts';
import { openWire, type Network, type Wire } from './wire.ts';
import type { Connection } from './connection.ts';

export type Dial = (options: ConnectionOptions) => Promise<NatsConnection>;

const RETRY_MS = 250;

/** How a process dials the fake server. */
export const dialler =
  (network: Network, process: Process): Dial =>
  () =>
    process.call('dialling NATS', () => {
      if (!network.server.isUp() || !network.isReachable(process)) throw new Error('CONNECTION_REFUSED');
      return connect(network, process);
    });

interface Subscription {
  readonly subject: string;
  readonly callback: (error: null, message: { string(): string; subject: string }) => void;
}

function connect(network: Network, process: Process): NatsConnection {
  const { world, server } = network;
  const statuses = createQueue<Status>();
  const subscriptions = new Set<Subscription>();
  let isClosed = false;
  let wire: Wire | undefined;

  const tell = (type: Events | DebugEvents) => process.enter(() => statuses.push({ type, data: '' }));

  const open = () => {
    const opened = openWire(network, process, lost);
    wire = opened;
    const listenings = [...subscriptions].map((subscription) => listening(subscription, opened));
    for (const each of listenings) server.listening.add(each);
    opened.onClose(() => listenings.forEach((each) => server.listening.delete(each)));
  };
  const lost = () => {
    wire = undefined;
    tell(Events.Disconnect);
    retry();
  };
  const retry = () => {
    world.after(RETRY_MS * (0.5 + world.random.next()), () => {
      if (isClosed || !process.isAlive()) return;
      if (!server.isUp() || !network.isReachable(process)) return retry();
      open();
      tell(Events.Reconnect);
    });
  };
  const listening = ({ subject, callback }: Subscription, on: Wire): Listening => ({
    subject,
    hear: (at, text) => on.receive(() => callback(null, { string: () => text, subject: at })),
  });

  const connection: Connection = {
    wire() {
      if (!wire) throw new Error('CONNECTION_CLOSED');
      return wire;
    },
  };
  open();
  return {
    info: { max_payload: 1_048_576 },
    getServer: () => 'simulated',
    isClosed: () => isClosed,
    close() {
      isClosed = true;
      wire?.close();
      statuses.stop();
      return Promise.resolve();
    },
    status: () => statuses.values(),
    publish(subject: string, text: string) {
      // The real one keeps it for a while, and mostly loses it then.
      wire?.send(`publishing ${subject}`, () => server.publish(subject, text));
    },
    subscribe(subject: string, { callback }: Pick<Subscription, 'callback'>) {
      const subscription = { subject, callback };
      subscriptions.add(subscription);
      const current = wire;
      let added: Listening | undefined;
      current?.send(`subscribing to ${subject}`, () => {
        added = listening(subscription, current);
        if (current.isOpen() && subscriptions.has(subscription)) server.listening.add(added);
        current.onClose(() => added && server.listening.delete(added));
      });
      return {
        unsubscribe() {
          subscriptions.delete(subscription);
          if (added) server.listening.delete(added);
        },
      };
    },
    flush: () => connection.wire().ask('flushing', () => undefined),
    jetstream: () => createJetStream(network, connection),
    jetstreamManager: () => Promise.resolve(createManager(network, connection)),
  } as unknown as NatsConnection;
}
