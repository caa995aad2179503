/** Whether somebody answers on a subject at this moment: the server itself says at once where nobody listens. */
import { ErrorCode, NatsError } from 'nats';
import { CapstanError } from '../errors.ts';
import type { Bus } from './connect.ts';
import { subscribe } from './subscribe.ts';

/** `silent`: somebody is connected who does not answer, which may be a process that hangs or a connection that is not known to be dead. */
export type Presence = 'nobody' | 'somebody' | 'silent';

const NO_RESPONDERS: string = ErrorCode.NoResponders;
const TIMEOUT: string = ErrorCode.Timeout;

export async function presence(bus: Bus, subject: string, timeoutMs: number): Promise<Presence> {
  try {
    await bus.connection().request(subject, '', { timeout: timeoutMs });
    return 'somebody';
  } catch (error) {
    if (error instanceof NatsError && error.code === NO_RESPONDERS) return 'nobody';
    if (error instanceof NatsError && error.code === TIMEOUT) return 'silent';
    if (error instanceof CapstanError) throw error;
    throw new CapstanError('BUS_UNAVAILABLE', `NATS did not carry a question on ${subject}.`, { cause: error });
  }
}

/** Answers from now on, across reconnects, until the signal aborts. */
export function answerPresence(bus: Bus, { subject, signal }: { subject: string; signal: AbortSignal }): void {
  subscribe(bus, { subject, signal, onMessage: (message) => void message.respond() });
}
