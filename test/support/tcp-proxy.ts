/** A TCP proxy of our own between a client and its server, that can do what networks do: fall silent both ways, break, be slow. */
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

/** `silent`: half-open; both ends believe that they are connected, and nothing arrives. `cut`: everything breaks, nothing can be opened. */
type Mode =
  | { readonly kind: 'open' }
  | { readonly kind: 'silent' }
  | { readonly kind: 'cut' }
  | { readonly kind: 'slow'; readonly ms: number };

export interface TcpProxy extends AsyncDisposable {
  readonly port: number;
  set(mode: Mode): void;
}

interface Pair {
  readonly sockets: readonly [Socket, Socket];
  /** Bytes were swallowed: it can never be whole again. */
  isTorn: boolean;
}

export async function startTcpProxy(targetPort: number): Promise<TcpProxy> {
  const state: { mode: Mode } = { mode: { kind: 'open' } };
  const pairs = new Set<Pair>();
  const end = ({ sockets }: Pair) => {
    for (const socket of sockets) socket.destroy();
  };

  const server = createServer((client) => {
    if (state.mode.kind === 'cut') return void client.destroy();
    const pair: Pair = { sockets: [client, connect(targetPort, '127.0.0.1')], isTorn: false };
    pairs.add(pair);
    const [, upstream] = pair.sockets;
    carry(client, upstream, pair);
    carry(upstream, client, pair);
  });

  const carry = (from: Socket, to: Socket, pair: Pair) => {
    const later = inOrder((chunk) => to.write(chunk));
    from.on('data', (chunk: Buffer) => {
      if (state.mode.kind === 'silent') pair.isTorn = true;
      else later(chunk, state.mode.kind === 'slow' ? state.mode.ms : 0);
    });
    // A reset is an end like any other.
    from.on('error', () => undefined);
    from.on('close', () => {
      if (state.mode.kind === 'silent') pair.isTorn = true;
      else end(pair);
      if (pair.sockets.every((socket) => socket.destroyed)) pairs.delete(pair);
    });
  };

  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new TypeError('a TCP server has a port');

  return {
    port: address.port,
    set(mode) {
      state.mode = mode;
      for (const pair of pairs) if (mode.kind === 'cut' || (mode.kind !== 'silent' && pair.isTorn)) end(pair);
    },
    async [Symbol.asyncDispose]() {
      for (const pair of pairs) end(pair);
      server.close();
      await once(server, 'close');
    },
  };
}

/** Writes each chunk after its delay, none before an earlier one. */
function inOrder(write: (chunk: Buffer) => void): (chunk: Buffer, delayMs: number) => void {
  const waiting: { readonly chunk: Buffer; readonly due: number }[] = [];
  const flush = () => {
    for (;;) {
      const [first] = waiting;
      if (!first) return;
      const left = first.due - performance.now();
      if (left > 0) return void setTimeout(flush, left).unref();
      waiting.shift();
      write(first.chunk);
    }
  };
  return (chunk, delayMs) => {
    if (delayMs === 0 && waiting.length === 0) return write(chunk);
    const isFirst = waiting.push({ chunk, due: performance.now() + delayMs }) === 1;
    if (isFirst) flush();
  };
}
