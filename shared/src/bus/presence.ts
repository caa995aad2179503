/** Who is there on a subject at this moment: the server itself says at once where nobody listens. */
import type { Msg } from 'nats';
import { CapstanError } from '../contract/errors.ts';
import { BUS_JSON_BOUNDS, parseJson } from '../runtime/json.ts';
import type { Bus } from './connect.ts';
import { subscribe } from './subscribe.ts';

/** `silent`: somebody is connected who does not answer, which may be a process that hangs or a connection that is not known to be dead. */
export type Presence =
  | { readonly kind: 'nobody' | 'silent' }
  | { readonly kind: 'somebody'; readonly answers: readonly unknown[] };

export interface PresenceQuestion {
  readonly subject: string;
  /** New each time: what proves a presence now is worth nothing later. */
  readonly question: string;
  /** Where the answers come to. */
  readonly replyTo: string;
  readonly timeoutMs: number;
  /** Whether it is enough to hear this one. The fastest need not be the one that counts. */
  readonly isEnough: (answer: unknown) => boolean;
}

const NO_RESPONDERS = 503;
const MAX_ANSWERS = 100;

export async function presence(bus: Bus, asking: PresenceQuestion): Promise<Presence> {
  const { subject, question, replyTo, timeoutMs, isEnough } = asking;
  const answers: unknown[] = [];
  const { promise, resolve } = Promise.withResolvers<Presence>();
  const hear = (message: Msg) => {
    if (message.headers?.code === NO_RESPONDERS) return resolve({ kind: 'nobody' });
    const answer = parseJson(message.string(), BUS_JSON_BOUNDS);
    answers.push(answer);
    if (isEnough(answer) || answers.length >= MAX_ANSWERS) resolve({ kind: 'somebody', answers });
  };
  try {
    const connection = bus.connection();
    const subscription = connection.subscribe(replyTo, {
      callback: (error, message) => (error ? undefined : hear(message)),
    });
    const timer = setTimeout(
      () => resolve(answers.length > 0 ? { kind: 'somebody', answers } : { kind: 'silent' }),
      timeoutMs,
    );
    try {
      connection.publish(subject, question, { reply: replyTo });
      return await promise;
    } finally {
      clearTimeout(timer);
      subscription.unsubscribe();
    }
  } catch (error) {
    if (error instanceof CapstanError) throw error;
    throw new CapstanError('BUS_UNAVAILABLE', `NATS did not carry a question on ${subject}.`, { cause: error });
  }
}

interface Present {
  readonly subject: string;
  readonly answer: (question: string) => unknown;
  readonly signal: AbortSignal;
}

/** Answers from now on, across reconnects, until the signal aborts. */
export function answerPresence(bus: Bus, { subject, answer, signal }: Present): void {
  subscribe(bus, {
    subject,
    signal,
    onMessage: (message) => void message.respond(JSON.stringify(answer(message.string()))),
  });
}
