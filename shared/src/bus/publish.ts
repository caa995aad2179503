/** Publishing: with JetStream's acknowledgement, or to whoever listens now. */
import { ErrorCode } from 'nats';
import { CapstanError } from '../contract/errors.ts';
import type { Bus } from './connect.ts';
import { BUS_JSON_BOUNDS, parseJson } from '../runtime/json.ts';
import { fits, messageLimitBytes, tooLarge } from './size.ts';
import { subscribe } from './subscribe.ts';

const ACK_TIMEOUT_MS = 5_000;
/** JetStream's own number for it. */
const EXCEEDS_MAX_SIZE = 10_054;

export interface Publication {
  readonly subject: string;
  /** Repetitions under the same id are dropped by the server within its duplicate window. */
  readonly messageId: string;
  readonly message: unknown;
}

/**
 * Resolves once JetStream has the message. That is not durability: what must not be lost is sent again by its owner. Throws BUS_UNAVAILABLE,
 * or MESSAGE_TOO_LARGE, which no repetition mends.
 */
export async function publish(bus: Bus, { subject, messageId, message }: Publication): Promise<void> {
  const text = JSON.stringify(message);
  const sizeBytes = Buffer.byteLength(text);
  if (sizeBytes > messageLimitBytes(bus)) throw tooLarge(bus, subject, sizeBytes);
  try {
    await bus.jetStream().publish(subject, text, { msgID: messageId, timeout: ACK_TIMEOUT_MS });
  } catch (error) {
    if (error instanceof CapstanError) throw error;
    if (isRefusedForSize(error)) throw tooLarge(bus, subject, sizeBytes);
    throw new CapstanError('BUS_UNAVAILABLE', `NATS did not take a message on ${subject}.`, { cause: error });
  }
}

/** Tells whoever listens now; nobody is waited for. Silently nothing while NATS is away, or if it is more than NATS takes: who may outgrow it, measures. */
export function broadcast(bus: Bus, subject: string, message: unknown): void {
  if (bus.isConnected() && fits(bus, message)) bus.connection().publish(subject, JSON.stringify(message));
}

/** A stream may take less than its server. */
function isRefusedForSize(error: unknown): boolean {
  const { code, api_error: refusal } = error as { code?: unknown; api_error?: { err_code?: number } };
  return code === ErrorCode.MaxPayloadExceeded || refusal?.err_code === EXCEEDS_MAX_SIZE;
}

/** Hears what is broadcast, across reconnects, until the signal aborts. */
export function listen(
  bus: Bus,
  { subject, handle, signal }: { subject: string; handle: (message: unknown) => void; signal: AbortSignal },
): void {
  subscribe(bus, { subject, signal, onMessage: (message) => handle(parseJson(message.string(), BUS_JSON_BOUNDS)) });
}
