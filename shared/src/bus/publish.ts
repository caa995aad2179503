/** Publishing: with JetStream's acknowledgement, or to whoever listens now. */
import { CapstanError } from '../errors.ts';
import type { Bus } from './connect.ts';
import { parseJson } from '../json.ts';
import { subscribe } from './subscribe.ts';

const ACK_TIMEOUT_MS = 5_000;

export interface Publication {
  readonly subject: string;
  /** Repetitions under the same id are dropped by the server within its duplicate window. */
  readonly messageId: string;
  readonly message: unknown;
}

/** Resolves once JetStream has the message. That is not durability: what must not be lost is sent again by its owner. */
export async function publish(bus: Bus, { subject, messageId, message }: Publication): Promise<void> {
  try {
    await bus.jetStream().publish(subject, JSON.stringify(message), { msgID: messageId, timeout: ACK_TIMEOUT_MS });
  } catch (error) {
    if (error instanceof CapstanError) throw error;
    throw new CapstanError('BUS_UNAVAILABLE', `NATS did not take a message on ${subject}.`, { cause: error });
  }
}

/** Tells whoever listens now; nobody is waited for. Silently nothing while NATS is away. */
export function broadcast(bus: Bus, subject: string, message: unknown): void {
  if (bus.isConnected()) bus.connection().publish(subject, JSON.stringify(message));
}

/** Hears what is broadcast, across reconnects, until the signal aborts. */
export function listen(
  bus: Bus,
  { subject, handle, signal }: { subject: string; handle: (message: unknown) => void; signal: AbortSignal },
): void {
  subscribe(bus, { subject, signal, onMessage: (message) => handle(parseJson(message.string())) });
}
