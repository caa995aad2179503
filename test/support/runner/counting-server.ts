/** A server that counts who connects, and says nothing. */
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';

interface CountingServer extends AsyncDisposable {
  readonly host: string;
}

export async function countingServer(onConnection: () => void): Promise<CountingServer> {
  const server = createServer((socket) => {
    onConnection();
    socket.destroy();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    host: `127.0.0.1:${port}`,
    [Symbol.asyncDispose]: () => new Promise((resolve) => server.close(() => resolve())),
  };
}
