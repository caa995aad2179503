/** JSON-RPC over HTTP: what is asked in one turn travels together, and nothing that an endpoint says is read without a bound. */
import { request as httpRequest } from 'undici';
import { deadline } from '@capstan/shared/runtime/deadline';
import { boundedBytes } from '@capstan/shared/net/bounded-text';
import { drop } from '@capstan/shared/net/get-from';
import { unlessAborted } from '@capstan/shared/runtime/unless-aborted';
import { TOO_LONG, type Question, type Request } from './answers.ts';
import { createSemaphore } from './semaphore.ts';
import { nonsense, type ReadAnswer } from './read-answers.ts';
import type { Reader } from './reader.ts';

/** Of all that travels together. */
const MAX_ANSWER_BYTES = 4_000_000;
/** What is larger is read from the network in turns, so many at once: strangers choose what is asked for. */
const LARGE_BYTES = 250_000;
const LARGE_AT_ONCE = 2;
/** Endpoints take a hundred at once. */
const MOST_TOGETHER = 100;

export interface Rpc {
  /**
   * The answers. Undefined for a call that a contract refuses and for logs that the endpoint does not look through, TOO_LONG for a receipt
   * that is larger than any order's. Rejects when the endpoint fails, is late, is one of another chain, or answers what can be no answer.
   */
  ask(requests: readonly Request[]): Promise<readonly unknown[]>;
  stop(): void;
}

interface RpcOptions {
  readonly url: string;
  readonly chainId: number;
  readonly timeoutMs: number;
  readonly reader: Reader;
}

interface Asked {
  readonly requests: readonly Request[];
  readonly resolve: (answers: readonly unknown[]) => void;
  readonly reject: (problem: unknown) => void;
}

/** In the same round trip: what another chain says of the same hash counts for nothing. */
const WHICH_CHAIN: Question = { method: 'eth_chainId', params: [] };

export function createRpc({ url, chainId, timeoutMs, reader }: RpcOptions): Rpc {
  const stopping = new AbortController();
  const semaphore = createSemaphore(LARGE_AT_ONCE);
  let waiting: Asked[] = [];

  /** The answers, or undefined where all of them together are too large. */
  const post = async (questions: readonly Question[], signal: AbortSignal) => {
    using permit = semaphore.none();
    const body = await fetched(url, [WHICH_CHAIN, ...questions], signal);
    const bytes = await boundedBytes(body, MAX_ANSWER_BYTES, {
      afterBytes: LARGE_BYTES,
      enter: () => unlessAborted(permit.take(), signal),
    });
    if (bytes.kind === 'too large') return undefined;
    if (bytes.kind === 'refused') throw new Error(`its answer ${bytes.problem}`);
    const read = await unlessAborted(reader.read(bytes.bytes, [WHICH_CHAIN, ...questions]), signal);
    if (read.kind === 'refused') throw new Error(read.problem);
    const [which, ...answers] = read.answers;
    const told = valueOf(which);
    if (Number(told) !== chainId) throw new Error(`it is an endpoint of chain ${Number(told)}`);
    return answers;
  };

  /** Too much in one answer is asked for in two, so that nobody has to do with what somebody else asked for. */
  const postInParts = async (requests: readonly Request[], signal: AbortSignal): Promise<readonly ReadAnswer[]> => {
    const answers = await post(requests, signal);
    if (answers) return answers;
    const [only] = requests;
    if (requests.length === 1 && only) return [instead(only)];
    const half = Math.ceil(requests.length / 2);
    const first = await postInParts(requests.slice(0, half), signal);
    return [...first, ...(await postInParts(requests.slice(half), signal))];
  };

  const send = async (together: readonly Asked[]) => {
    const signal = AbortSignal.any([stopping.signal, deadline(timeoutMs)]);
    const all = together.flatMap(({ requests }) => requests);
    try {
      const answers = await (together.length === 1 ? postInParts(all, signal) : post(all, signal));
      // Each of them alone has its own time.
      if (!answers) {
        for (const asked of together) void send([asked]);
        return;
      }
      let from = 0;
      for (const asked of together) {
        settle(asked, answers.slice(from, from + asked.requests.length));
        from += asked.requests.length;
      }
    } catch (error) {
      for (const { reject } of together) reject(error);
    }
  };

  const flush = () => {
    const asked = waiting;
    waiting = [];
    for (const together of inBatches(asked)) void send(together);
  };

  return {
    ask(requests) {
      const { promise, resolve, reject } = Promise.withResolvers<readonly unknown[]>();
      if (waiting.push({ requests, resolve, reject }) === 1) setImmediate(flush);
      return promise;
    },
    stop: () => stopping.abort(),
  };
}

function settle({ requests, resolve, reject }: Asked, answers: readonly ReadAnswer[]): void {
  try {
    resolve(
      requests.map(({ method, fits = () => true }, index) => {
        const value = valueOf(answers[index]);
        if (value !== undefined && !fits(value)) throw new Error(nonsense(method));
        return value;
      }),
    );
  } catch (error) {
    reject(error);
  }
}

function valueOf(answer: ReadAnswer | undefined): unknown {
  if (answer?.kind === 'value') return answer.value;
  throw new Error(answer?.problem ?? 'it answers nothing');
}

/** Of what is too large alone. */
function instead({ method }: Request): ReadAnswer {
  if (method === 'eth_getTransactionReceipt') return { kind: 'value', value: TOO_LONG };
  return method === 'eth_getLogs'
    ? { kind: 'value', value: undefined }
    : { kind: 'problem', problem: `it answers ${method} with more than ${MAX_ANSWER_BYTES} bytes` };
}

function inBatches(asked: readonly Asked[]): readonly (readonly Asked[])[] {
  const batches: Asked[][] = [];
  let size = Number.POSITIVE_INFINITY;
  for (const each of asked) {
    if (size + each.requests.length >= MOST_TOGETHER) {
      batches.push([]);
      size = 0;
    }
    batches.at(-1)?.push(each);
    size += each.requests.length;
  }
  return batches;
}

async function fetched(url: string, questions: readonly Question[], signal: AbortSignal) {
  const calls = questions.map(({ method, params }, id) => ({ jsonrpc: '2.0', id, method, params }));
  const { origin, pathname, search, username, password } = new URL(url);
  const login = Buffer.from(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`).toString('base64');
  const { statusCode, headers, body } = await httpRequest(`${origin}${pathname}${search}`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'accept-encoding': 'identity',
      ...(username === '' ? {} : { authorization: `Basic ${login}` }),
    },
    body: JSON.stringify(calls),
    signal,
  });
  if (statusCode === 200) return { body, encoding: headers['content-encoding'] };
  drop(body);
  throw new Error(`it answered ${statusCode}`);
}
