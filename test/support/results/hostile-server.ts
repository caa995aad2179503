/** A server whose answers come as a test wants them: whole, cut off, hanging, or without end. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';

export interface Told {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Buffer | string;
  /** How the body goes on: `cut` breaks the connection behind it, `hang` leaves it open, `endless` repeats it. */
  readonly ending?: 'cut' | 'hang' | 'endless';
}

export interface HostileServer extends AsyncDisposable {
  readonly url: string;
}

export async function serve(answer: (request: IncomingMessage) => Promise<Told>): Promise<HostileServer> {
  const server = createServer((request, response) => {
    answer(request).then(
      (told) => tell(told, request, response),
      () => response.destroy(),
    );
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { readonly port: number };
  return {
    url: `http://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/** Sends what is told, the way it is told. */
function tell({ status, headers, body = '', ending }: Told, request: IncomingMessage, response: ServerResponse) {
  if (request.method === 'HEAD') return void response.writeHead(status, headers).end();
  const content = Buffer.from(body);
  response.writeHead(status, ending ? (headers ?? {}) : { 'content-length': String(content.length), ...headers });
  response.write(content);
  if (ending === 'cut') setImmediate(() => response.destroy());
  if (ending === 'endless') pour(content, response);
  if (ending === undefined) response.end();
}

function pour(content: Buffer, response: ServerResponse): void {
  while (!response.destroyed && response.write(content));
  if (!response.destroyed) response.once('drain', () => pour(content, response));
}
