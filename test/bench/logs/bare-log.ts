/** The same bytes without a node: a WebSocket server that makes each frame once and sends it to all, as fast as the slowest reads. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { WebSocketServer, type WebSocket } from 'ws';
import { linesOf, textOf, type LogShape } from './lines.ts';

/** As a frame of the node. */
const FRAME_BYTES = 64 * 1024;

const server = createServer();
const sockets = new WebSocketServer({ server, perMessageDeflate: false });

async function sendAll(to: readonly WebSocket[], shape: LogShape): Promise<void> {
  const { lineBytes } = shape;
  const each = Math.max(1, Math.floor(FRAME_BYTES / lineBytes));
  const lines = linesOf(shape);
  const send = (frame: object) => {
    const bytes = Buffer.from(JSON.stringify(frame));
    return Promise.all(to.map((socket) => new Promise<unknown>((sent) => socket.send(bytes, { binary: false }, sent))));
  };
  for (let from = 0; from < lines; from += each) {
    const text = textOf({ from, to: Math.min(lines, from + each), lineBytes });
    const offset = from * lineBytes;
    const place = { attempt: 1, stream: 'stdout', offset, next: offset + text.length };
    await send({ type: 'log', subscription: '', jobId: '0'.repeat(32), ...place, text });
  }
  await send({ type: 'logEnd' });
}

process.once('message', ({ shape, count }: { readonly shape: LogShape; readonly count: number }) => {
  const open: WebSocket[] = [];
  sockets.on('connection', (socket) => {
    open.push(socket);
    if (open.length === count) void sendAll(open, shape);
  });
  server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port));
});
process.on('disconnect', () => process.exit());
