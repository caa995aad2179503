/**
 * A program of its own, in the container whose network the algorithm shares: it has a loopback and nothing else. What comes in at the
 * port goes to the proxy, through a socket in a volume that the algorithm does not see.
 */
import { connect, createServer } from 'node:net';
import { pipeline } from 'node:stream/promises';

const [port = '', socketPath = ''] = process.argv.slice(2);
const MAX_CONNECTIONS = 256;

const server = createServer({ allowHalfOpen: true }, (client) => {
  const proxy = connect({ path: socketPath, allowHalfOpen: true });
  void Promise.allSettled([pipeline(client, proxy), pipeline(proxy, client)]);
});
server.maxConnections = MAX_CONNECTIONS;
server.listen(Number(port), '127.0.0.1', () => process.stdout.write('ready\n'));
