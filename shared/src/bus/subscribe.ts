/** A subscription that outlives connections: renewed for each client that replaces one, until the signal aborts. */
import type { Msg } from 'nats';
import type { Bus } from './connect.ts';

interface Subscribing {
  readonly subject: string;
  /** Of all subscriptions under this name, one gets each message. */
  readonly queue?: string;
  readonly onMessage: (message: Msg) => void;
  readonly signal: AbortSignal;
}

export function subscribe(bus: Bus, { subject, queue, onMessage, signal }: Subscribing): void {
  let subscribedTo: unknown;
  const renew = () => {
    const connection = bus.connection();
    // The client renews its subscriptions itself when it reconnects; only a new client needs a new one.
    if (subscribedTo === connection || signal.aborted) return;
    subscribedTo = connection;
    const subscription = connection.subscribe(subject, {
      ...(queue === undefined ? {} : { queue }),
      callback: (error, message) => {
        if (!error) onMessage(message);
      },
    });
    signal.addEventListener('abort', () => subscription.unsubscribe(), { once: true });
  };
  const forget = bus.onConnected(renew);
  signal.addEventListener('abort', forget, { once: true });
  if (bus.isConnected()) renew();
}
