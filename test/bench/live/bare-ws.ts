/** What a broadcast costs without a node: a WebSocket server that sends one buffer to all of its clients, once for each message from its parent. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { WebSocketServer } from 'ws';

const server = createServer();
const sockets = new WebSocketServer({ server, perMessageDeflate: false });
process.on('message', (text: string) => {
  const bytes = Buffer.from(text);
  for (const client of sockets.clients) client.send(bytes, { binary: false });
});
process.on('disconnect', () => process.exit());
server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port));
