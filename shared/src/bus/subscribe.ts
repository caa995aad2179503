/** A subscription that outlives connections: renewed for each client that replaces one, until the signal aborts. */
import type { Msg } from 'nats';
import type { Bus } from './connect.ts';

export function subscribe(
  bus: Bus,
  { subject, onMessage, signal }: { subject: string; onMessage: (message: Msg) => void; signal: AbortSignal },
): void {
  let subscribedTo: unknown;
  const renew = () => {
    const connection = bus.connection();
    // The client renews its subscriptions itself when it reconnects; only a new client needs a new one.
    if (subscribedTo === connection || signal.aborted) return;
    subscribedTo = connection;
    const subscription = connection.subscribe(subject, {
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
