/** A web server with files that assets name, which can also fail, or never answer. */
import { once } from 'node:events';
import { createServer } from 'node:http';

export type Behaviour =
  | { readonly kind: 'file'; readonly body: string | Buffer }
  /** Answers with this status and nothing else; `times` counts down, then the file comes. */
  | { readonly kind: 'fail'; readonly status: number; readonly times?: number; readonly body?: string | Buffer }
  /** Takes the request, and answers once this is known. */
  | { readonly kind: 'later'; readonly body: Promise<string> }
  /** Takes the request and stays silent. */
  | { readonly kind: 'hang' };

export interface AssetServer extends AsyncDisposable {
  readonly url: string;
  /** What `path` (with its slash) answers from now on; every other path is a 404. Returns its URL. */
  serve(path: string, behaviour: Behaviour): string;
  /** The paths that were asked for, in their order. */
  requests(): readonly string[];
}

/** On `port`, for a node that was told of it before; on any if absent. */
export async function startAssetServer(port = 0): Promise<AssetServer> {
  const behaviours = new Map<string, Behaviour>();
  const requests: string[] = [];
  const failures = new Map<string, number>();
  const server = createServer((request, response) => {
    const path = request.url ?? '';
    requests.push(path);
    const behaviour = behaviours.get(path);
    if (behaviour === undefined) {
      response.writeHead(404).end();
      return;
    }
    switch (behaviour.kind) {
      case 'file':
        response.end(behaviour.body);
        return;
      case 'fail': {
        const failed = failures.get(path) ?? 0;
        failures.set(path, failed + 1);
        if (behaviour.times !== undefined && failed >= behaviour.times) response.end(behaviour.body);
        else response.writeHead(behaviour.status).end();
        return;
      }
      case 'later':
        behaviour.body.then(
          (body) => response.end(body),
          () => response.destroy(),
        );
        return;
      case 'hang':
        return;
    }
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new TypeError('a TCP server has a port');
  const url = `http://127.0.0.1:${address.port}`;
  return {
    url,
    serve(path, behaviour) {
      behaviours.set(path, behaviour);
      return url + path;
    },
    requests: () => requests,
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}
