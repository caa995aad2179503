/** Takes WebSocket upgrades on the gateway's HTTP server, and notices peers that are gone. */
import type { Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer, type WebSocket } from 'ws';
import { CLOSE } from '@capstan/shared/contract/socket';
import type { Service } from '@capstan/shared/service';
import { openSession, type SessionOptions } from './session.ts';

/** A subscribe frame with a signature takes a few hundred bytes. */
const MAX_FRAME_BYTES = 16_384;
const PING_EVERY_MS = 30_000;
const STOP_LIMIT_MS = 2_000;

interface SocketServerOptions extends SessionOptions {
  readonly server: Server;
  readonly path: string;
}

export function createSocketServer({ server, path, ...session }: SocketServerOptions): Service {
  const sockets = new WebSocketServer({ noServer: true, maxPayload: MAX_FRAME_BYTES, perMessageDeflate: false });
  const answered = new WeakSet<WebSocket>();
  let pinging: NodeJS.Timeout | undefined;

  sockets.on('connection', (socket) => {
    answered.add(socket);
    socket.on('pong', () => answered.add(socket));
    openSession(socket, session);
  });

  server.on('upgrade', (request, stream, head) => {
    // Until a session takes it over, nobody else listens for this.
    stream.on('error', () => stream.destroy());
    // Whatever comes instead of a path, such as `//`, is another one.
    const [asked] = (request.url ?? '').split('?', 1);
    if (asked !== path) return refuse(stream, path);
    sockets.handleUpgrade(request, stream, head, (socket) => sockets.emit('connection', socket, request));
  });

  const ping = () => {
    for (const socket of sockets.clients) {
      if (!answered.delete(socket)) socket.terminate();
      else socket.ping();
    }
  };

  return {
    name: 'sockets',
    start() {
      pinging = setInterval(ping, PING_EVERY_MS);
      return Promise.resolve();
    },
    async stop() {
      clearInterval(pinging);
      const open = [...sockets.clients];
      const closed = open.map((socket) => new Promise((resolve) => socket.once('close', resolve)));
      for (const socket of open) socket.close(CLOSE.goingAway, 'the node is stopping');
      const limit = setTimeout(() => open.forEach((socket) => socket.terminate()), STOP_LIMIT_MS);
      await Promise.all(closed);
      clearTimeout(limit);
      sockets.close();
    },
  };
}

function refuse(stream: Duplex, path: string): void {
  const body = JSON.stringify({ error: `There is no WebSocket here. Connect to ${path}.` });
  stream.end(
    `HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
}
