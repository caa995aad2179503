/** Takes WebSocket upgrades on the gateway's HTTP server, and notices peers that are gone. */
import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer, type WebSocket } from 'ws';
import { CLOSE } from '@capstan/shared/contract/socket';
import { CapstanError } from '@capstan/shared/errors';
import type { Service } from '@capstan/shared/service';
import { openSession, type SessionOptions } from './session.ts';
import { createGrant, refuse, type UpgradeOptions } from './upgrade.ts';

/** A subscription to a hundred jobs with a token takes some 8,000. */
const MAX_FRAME_BYTES = 16_384;
const PING_EVERY_MS = 30_000;
/** How long a client may take to answer that it is closed, with all that it has not read yet before it. */
const CLOSE_LIMIT_MS = 10_000;
const STOP_LIMIT_MS = 2_000;

interface SocketServerOptions extends SessionOptions, UpgradeOptions {
  readonly server: Server;
}

export function createSocketServer(options: SocketServerOptions): Service {
  const { server, log } = options;
  const settings = {
    noServer: true,
    maxPayload: MAX_FRAME_BYTES,
    // A small frame could be a large one in disguise; and what is shared by all can be compressed for none.
    perMessageDeflate: false,
    closeTimeout: CLOSE_LIMIT_MS,
  };
  const sockets = new WebSocketServer(settings);
  const grant = createGrant(options);
  const answered = new WeakSet<WebSocket>();
  let pinging: NodeJS.Timeout | undefined;

  const upgrade = async (request: IncomingMessage, stream: Duplex, head: Buffer) => {
    try {
      const { identity, isForeign, network } = await grant(request, stream);
      sockets.handleUpgrade(request, stream, head, (socket) => {
        answered.add(socket);
        socket.on('pong', () => answered.add(socket));
        openSession({ socket, stream, identity, isForeign, network }, options);
      });
    } catch (error) {
      if (!(error instanceof CapstanError)) log.error({ err: error }, 'a socket could not be opened');
      refuse(
        stream,
        error instanceof CapstanError
          ? error
          : new CapstanError('INTERNAL', 'Something went wrong in the node. Its log says what.'),
      );
    }
  };

  server.on('upgrade', (request, stream, head) => {
    // Until a session takes it over, nobody else listens for this.
    stream.on('error', () => stream.destroy());
    void upgrade(request, stream, head);
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
