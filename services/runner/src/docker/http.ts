/**
 * Calls to the engine over its socket, with connections that are kept for the next one. All that is asked of it while a job lives comes
 * through here a dozen times a job, so nothing is done twice: no options are printed that nobody reads, no signal is made anew for each call.
 */
import { Agent, request, type ClientRequest, type IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import { parseJson } from '@capstan/shared/runtime/json';

export interface Asked {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'DELETE';
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | boolean>>;
  /** Sent as JSON. */
  readonly json?: object;
  /** Sent as it is: an archive. */
  readonly tar?: Readable;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}

export interface EngineHttp {
  /** Resolves to the answer once its head is there; it ends with the signal, too. Rejects with an `EngineAnswer` where that is a refusal. */
  open(asked: Asked): Promise<IncomingMessage>;
  /** Resolves to what the whole answer says. */
  read<T>(asked: Asked): Promise<T>;
  /** Resolves once it is answered, whatever it says. */
  done(asked: Asked): Promise<void>;
}

/** What the engine said instead of doing what it was asked. */
export class EngineAnswer extends Error {
  readonly statusCode: number;
  /** In the engine's own words. */
  readonly said: string;
  constructor(statusCode: number, said: string) {
    super(`(HTTP code ${statusCode}) - ${said}`);
    this.statusCode = statusCode;
    this.said = said;
  }
}

/** An engine has few more calls at once than jobs. */
const FREE_SOCKETS = 32;
/** Before whatever may stand before an engine closes them: a call over one that is just being closed fails. */
const FREE_MS = 4_000;
/** A list of all that a large engine has takes some. */
const MAX_ANSWER_BYTES = 256_000_000;
const MAX_REFUSAL_BYTES = 1_000_000;

/** `anew`: a connection for each call, for one that was made before may be answered by an engine that is ending. */
export function createEngineHttp(socketPath: string, connections: 'kept' | 'anew' = 'kept'): EngineHttp {
  const agent = new Agent({ keepAlive: connections === 'kept', maxFreeSockets: FREE_SOCKETS, timeout: FREE_MS });

  const open = (asked: Asked): Promise<IncomingMessage> => {
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
    const { method, path, query, json, tar, headers, signal } = asked;
    if (signal.aborted) return Promise.reject(signal.reason as Error);
    const body = json === undefined ? undefined : Buffer.from(JSON.stringify(json));
    const sent = request({
      socketPath,
      agent,
      method,
      path: path + queryText(query),
      headers: {
        ...headers,
        ...(body ? { 'content-type': 'application/json', 'content-length': body.length } : {}),
        ...(tar ? { 'content-type': 'application/tar' } : {}),
      },
    });
    endWith(sent, signal);
    sent.on('error', reject);
    // An engine that wants to speak something else is hung up on, without an error.
    const noteClosed = () => reject(new Error('the container engine gave no answer'));
    sent.once('close', noteClosed);
    sent.on('response', (answer) => {
      sent.off('close', noteClosed);
      const status = answer.statusCode ?? 0;
      if (status < 400) return resolve(answer);
      const refuse = (text: string) => {
        // What is still to be sent is nobody's any more, and neither is the connection.
        if (!sent.writableFinished) sent.destroy();
        reject(new EngineAnswer(status, wordsIn(text)));
      };
      void textOf(answer, MAX_REFUSAL_BYTES).then(refuse, reject);
    });
    if (tar) sendAll(tar, sent);
    else sent.end(body);
    return promise;
  };

  return {
    open,
    async read<T>(asked: Asked) {
      return JSON.parse(await textOf(await open(asked), MAX_ANSWER_BYTES)) as T;
    },
    async done(asked) {
      const answer = await open(asked);
      await textOf(answer, MAX_ANSWER_BYTES);
    },
  };
}

/** Node's own option listens only until the answer begins. */
function endWith(sent: ClientRequest, signal: AbortSignal): void {
  const end = () => sent.destroy(signal.reason as Error);
  signal.addEventListener('abort', end, { once: true });
  sent.once('close', () => signal.removeEventListener('abort', end));
}

function sendAll(tar: Readable, sent: ClientRequest): void {
  tar.once('error', (error) => sent.destroy(error));
  tar.pipe(sent);
}

function textOf(answer: IncomingMessage, maxBytes: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const pieces: Buffer[] = [];
    let bytes = 0;
    answer.on('data', (piece: Buffer) => {
      pieces.push(piece);
      bytes += piece.length;
      if (bytes > maxBytes) answer.destroy(new Error(`the container engine answers with more than ${maxBytes} bytes`));
    });
    answer.once('end', () => resolve(Buffer.concat(pieces).toString('utf8')));
    answer.once('error', reject);
    answer.once('close', () => reject(new Error('the answer of the container engine broke off')));
  });
}

function queryText(query: Asked['query'] = {}): string {
  const pairs = Object.entries(query).map(([name, value]) => `${name}=${encodeURIComponent(value)}`);
  return pairs.length === 0 ? '' : `?${pairs.join('&')}`;
}

/** A refusal is JSON with a message; whatever else comes is one as a whole. */
function wordsIn(text: string): string {
  const said = parseJson(text) as { readonly message?: unknown } | undefined;
  return typeof said?.message === 'string' ? said.message : text;
}
