/** Questions to whoever knows, over core NATS: answered at once, or not at all. */
import { ErrorCode, NatsError, type Msg } from 'nats';
import { CapstanError } from '../contract/errors.ts';
import type { Bus } from './connect.ts';
import { BUS_JSON_BOUNDS, parseJson } from '../runtime/json.ts';
import { subscribe } from './subscribe.ts';

const NOBODY: readonly string[] = [ErrorCode.NoResponders, ErrorCode.Timeout];

export interface Question {
  readonly subject: string;
  readonly question: unknown;
  /**
   * Where the answer comes to: a subject that who answers may speak on. With the inbox of who asks, it would need the right to speak
   * wherever somebody says that an answer should go.
   */
  readonly replyTo: string;
  readonly timeoutMs: number;
}

/** Undefined if nobody answers within the time. Throws BUS_UNAVAILABLE while there is no connection. */
export async function ask(bus: Bus, { subject, question, replyTo, timeoutMs }: Question): Promise<unknown> {
  try {
    const how = { timeout: timeoutMs, noMux: true, reply: replyTo };
    const answer = await bus.connection().request(subject, JSON.stringify(question), how);
    return parseJson(answer.string(), BUS_JSON_BOUNDS);
  } catch (error) {
    if (error instanceof CapstanError) throw error;
    if (error instanceof NatsError && NOBODY.includes(error.code)) return undefined;
    throw new CapstanError('BUS_UNAVAILABLE', `NATS did not carry a question on ${subject}.`, { cause: error });
  }
}

interface Answering {
  readonly subject: string;
  /** Of all who answer under this name, one is asked. */
  readonly queue?: string;
  readonly answer: (question: unknown) => Promise<unknown>;
  readonly onError: (error: unknown) => void;
  readonly signal: AbortSignal;
}

/** Answers questions, across reconnects, until the signal aborts. */
export function answerQuestions(bus: Bus, { answer, onError, ...where }: Answering): void {
  const reply = async (message: Msg) => {
    try {
      message.respond(JSON.stringify(await answer(parseJson(message.string(), BUS_JSON_BOUNDS))));
    } catch (error) {
      onError(error);
    }
  };
  subscribe(bus, { ...where, onMessage: (message) => void reply(message) });
}
