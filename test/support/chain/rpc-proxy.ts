/** Stands between a node and its chain: counts round trips, and fails in the ways that endpoints fail. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';

/**
 * `refuses`: 503. `silent`: takes the request and never answers. `odd`: answers with something else. `short`: looks through ten blocks at
 * once for events, as endpoints that many share do with some thousand.
 */
type Mood = 'works' | 'refuses' | 'silent' | 'odd' | 'short';

const MOST_BLOCKS = 10;

/** `params`: of the question; `result`: what the chain itself says. */
export type Lie = (method: string, result: unknown, params: readonly unknown[]) => unknown;

export interface RpcProxy extends AsyncDisposable {
  readonly url: string;
  /** HTTP requests so far; a batch is one. */
  requests(): number;
  become(mood: Mood): void;
  /** Changes each answer to a method from now on; undefined ends it. */
  lie(change: Lie | undefined): void;
  /** Answers with these bytes from now on, encoded so. */
  say(bytes: Buffer, encoding: string): void;
}

export async function startRpcProxy(target: string): Promise<RpcProxy> {
  let requests = 0;
  let mood: Mood = 'works';
  let lie: Lie | undefined;
  let said: { readonly bytes: Buffer; readonly encoding: string } | undefined;
  const server = createServer((request, response) => {
    requests += 1;
    if (mood === 'silent') return;
    if (mood === 'refuses') return void response.writeHead(503).end();
    if (mood === 'odd') return void response.writeHead(200).end('<html>');
    if (said) return void response.writeHead(200, { 'content-encoding': said.encoding }).end(said.bytes);
    const asked = text(request);
    asked
      .then((body) => (mood === 'short' ? withoutLongRanges(body) : body))
      .then((body) => fetch(target, { method: 'POST', body, headers: { 'content-type': 'application/json' } }))
      .then((answer) => answer.text())
      .then(async (body) => (lie ? changed(await asked, body, lie) : body))
      .then((body) => response.writeHead(200, { 'content-type': 'application/json' }).end(body))
      .catch(() => response.destroy());
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new TypeError('a TCP server has a port');
  return {
    url: `http://127.0.0.1:${address.port}`,
    requests: () => requests,
    become(next) {
      mood = next;
      said = undefined;
    },
    lie(change) {
      lie = change;
    },
    say(bytes, encoding) {
      said = { bytes, encoding };
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

interface Answer {
  readonly id: unknown;
  readonly result?: unknown;
}

function changed(question: string, answer: string, lie: Lie): string {
  const calls = JSON.parse(question) as readonly (Call & { readonly id: unknown })[];
  const answers = JSON.parse(answer) as readonly Answer[];
  const change = (one: Answer): Answer => {
    const call = calls.find(({ id }) => id === one.id);
    return call && 'result' in one ? { ...one, result: lie(call.method, one.result, call.params) } : one;
  };
  return JSON.stringify(answers.map(change));
}

interface Call {
  readonly method: string;
  readonly params: readonly { readonly fromBlock?: string; readonly toBlock?: string }[];
}

/** Questions about more blocks become ones that no node can answer, which says so in an error of its own. */
function withoutLongRanges(body: string): string {
  const calls = JSON.parse(body) as Call | readonly Call[];
  const shortened = (call: Call): Call => {
    const [{ fromBlock = '', toBlock = '' } = {}] = call.params;
    const isLong = call.method === 'eth_getLogs' && !(Number(toBlock) - Number(fromBlock) < MOST_BLOCKS);
    return isLong ? { ...call, method: 'eth_getLogsOfSoManyBlocks' } : call;
  };
  return JSON.stringify(Array.isArray(calls) ? calls.map(shortened) : shortened(calls as Call));
}
