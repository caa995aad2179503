/** Questions to whoever knows, over core NATS: answered at once, or not at all. */
import { ErrorCode, NatsError, type Msg } from 'nats';
import { CapstanError } from '../errors.ts';
import type { Bus } from './connect.ts';
import { parseJson } from '../json.ts';
import { subscribe } from './subscribe.ts';

const NOBODY: readonly string[] = [ErrorCode.NoResponders, ErrorCode.Timeout];

/** Undefined if nobody answers within the time. Throws BUS_UNAVAILABLE while there is no connection. */
export async function ask(bus: Bus, subject: string, question: unknown, timeoutMs: number): Promise<unknown> {
  try {
    const answer = await bus.connection().request(subject, JSON.stringify(question), { timeout: timeoutMs });
    return parseJson(answer.string());
  } catch (error) {
    if (error instanceof CapstanError) throw error;
    if (error instanceof NatsError && NOBODY.includes(error.code)) return undefined;
    throw new CapstanError('BUS_UNAVAILABLE', `NATS did not carry a question on ${subject}.`, { cause: error });
  }
}

interface Answering {
  readonly subject: string;
  readonly answer: (question: unknown) => Promise<unknown>;
  readonly onError: (error: unknown) => void;
  readonly signal: AbortSignal;
}

/** Answers questions, across reconnects, until the signal aborts. */
export function answerQuestions(bus: Bus, { subject, answer, onError, signal }: Answering): void {
  const reply = async (message: Msg) => {
    try {
      message.respond(JSON.stringify(await answer(parseJson(message.string()))));
    } catch (error) {
      onError(error);
    }
  };
  subscribe(bus, { subject, signal, onMessage: (message) => void reply(message) });
}
