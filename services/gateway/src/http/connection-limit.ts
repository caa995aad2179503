/**
 * How many connections one network may hold open, whatever is asked on them, or nothing at all: a place is taken before the first byte is
 * read. What is beyond it is closed without an answer, since an answer costs more than the connection.
 */
import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import { createClientIp, createTrustedProxies, networkOf } from '../limits/client-ip.ts';
import { createNetworkCounts } from '../limits/sites.ts';

/** Beside those that follow something. */
const OTHERS_OF_A_NETWORK = 500;

interface Settings {
  readonly limits: { readonly maxConnectionsPerNetwork?: number };
  readonly live: { readonly maxFollowersPerNetwork: number };
  /** Whose connections are many clients'. */
  readonly trustedProxies: readonly string[];
}

export function limitConnections(
  server: Server,
  settings: Settings,
  log: { warn(facts: object, text: string): void },
): void {
  const { limits, live, trustedProxies } = settings;
  const isTrustedProxy = createTrustedProxies(trustedProxies);
  const peerIp = createClientIp([]);
  const most = limits.maxConnectionsPerNetwork ?? live.maxFollowersPerNetwork + OTHERS_OF_A_NETWORK;
  const held = createNetworkCounts();
  /** Networks that were told of: each once, until it holds none any more. */
  const told = new Set<string>();

  const leave = (network: string) => {
    held.add(network, -1);
    if (held.of(network) === 0) told.delete(network);
  };

  const tell = (network: string) => {
    if (told.has(network)) return;
    told.add(network);
    log.warn({ network, most }, 'a network holds as many connections as it may, and further ones are closed');
  };

  server.prependListener('connection', (socket: Socket) => {
    const peer = socket.remoteAddress;
    if (peer === undefined || isTrustedProxy(peer)) return;
    const network = networkOf(peerIp(peer, {}));
    if (held.isTooMuch(network, 1, most)) {
      // One that holds none itself is refused for its site, and would be told of for ever.
      if (held.of(network) > 0) tell(network);
      socket.destroy();
      return;
    }
    held.add(network, 1);
    socket.once('close', () => leave(network));
  });
}
