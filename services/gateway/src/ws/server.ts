/** Takes WebSocket upgrades on the gateway's HTTP server, and notices peers that are gone. */
import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer, type WebSocket } from 'ws';
import { CLOSE } from '@capstan/shared/contract/socket';
import { CapstanError } from '@capstan/shared/contract/errors';
import type { Service } from '@capstan/shared/runtime/service';
import { createConnectionLimit } from '../limits/connection-limit.ts';
import { openSession, type SessionOptions } from './session.ts';
import { createGrant, refuse, type UpgradeOptions } from './upgrade.ts';

/** A subscription to a hundred jobs with a token takes some 8,000. */
const MAX_FRAME_BYTES = 16_384;
const PING_EVERY_MS = 30_000;
/** How long a client may take to answer that it is closed, with all that it has not read yet before it. */
const CLOSE_LIMIT_MS = 10_000;
const STOP_LIMIT_MS = 2_000;

/**
 * Subscriptions of all sockets of a network, and of all networks, for each socket that there may be. Whatever happens is told to each of them
 * at once: a hundred on every socket would hold up everybody for seconds.
 */
const SUBSCRIPTIONS_OF_A_SOCKET = 2;

interface SocketServerOptions extends Omit<SessionOptions, 'takeSubscription'>, UpgradeOptions {
  readonly server: Server;
}

export function createSocketServer(options: SocketServerOptions): Service {
  const { server, limits, log } = options;
  const takeSubscription = createConnectionLimit({
    maxFollowers: limits.maxFollowers * SUBSCRIPTIONS_OF_A_SOCKET,
    maxFollowersPerNetwork: Math.max(
      limits.maxFollowersPerNetwork * SUBSCRIPTIONS_OF_A_SOCKET,
      limits.maxSubscriptions,
    ),
    what: 'subscriptions',
  });
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
        openSession({ socket, stream, identity, isForeign, network }, { ...options, takeSubscription });
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

  const isAnswering = watchAnswers(server);
  server.on('upgrade', (request, stream, head) => {
    // Sent ahead of an answer: the two would be written into one another.
    if (isAnswering(stream)) return void stream.destroy();
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

/** Whether a request of a connection is not answered yet. */
function watchAnswers(server: Server): (stream: Duplex) => boolean {
  const open = new WeakMap<Duplex, number>();
  const count = (stream: Duplex, by: number) => open.set(stream, (open.get(stream) ?? 0) + by);
  server.on('request', ({ socket }, response) => {
    count(socket, 1);
    response.once('close', () => count(socket, -1));
  });
  return (stream) => (open.get(stream) ?? 0) > 0;
}
