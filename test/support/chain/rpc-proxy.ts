/** Stands between a node and its chain: counts round trips, and fails in the ways that endpoints fail. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';

/** `refuses`: 503. `silent`: takes the request and never answers. `odd`: answers with something else. */
type Mood = 'works' | 'refuses' | 'silent' | 'odd';

export interface RpcProxy extends AsyncDisposable {
  readonly url: string;
  /** HTTP requests so far; a batch is one. */
  requests(): number;
  become(mood: Mood): void;
}

export async function startRpcProxy(target: string): Promise<RpcProxy> {
  let requests = 0;
  let mood: Mood = 'works';
  const server = createServer((request, response) => {
    requests += 1;
    if (mood === 'silent') return;
    if (mood === 'refuses') return void response.writeHead(503).end();
    if (mood === 'odd') return void response.writeHead(200).end('<html>');
    text(request)
      .then((body) => fetch(target, { method: 'POST', body, headers: { 'content-type': 'application/json' } }))
      .then((answer) => answer.text())
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
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
