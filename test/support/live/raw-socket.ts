/**
 * A WebSocket by hand, as small as can be: for thousands of them in one process, for one that does not read, and for frames that no
 * library would send.
 */
import { connect, type Socket } from 'node:net';

export const OPCODE = { text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

export interface RawSocket {
  readonly socket: Socket;
  /** Resolves to the head of the answer to the request for a socket. */
  readonly answered: Promise<string>;
  send(text: string): void;
  /** `reserved`: the bits after the first, such as 4 for a compressed frame. */
  sendFrame(frame: { readonly opcode: number; readonly payload?: Buffer; readonly reserved?: number }): void;
  /** Resolves when the connection is gone, to what the peer's close frame said, if there was one. */
  readonly closed: Promise<{ readonly code: number; readonly reason: string } | undefined>;
}

interface RawSocketOptions {
  readonly url: string;
  /** One of 127.0.0.0/8: an address has some 28,000 ports only, and is what the node counts by. */
  readonly localAddress?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** A whole frame of the node, its text as bytes that are not kept. */
  readonly onText: (payload: Buffer) => void;
}

export function openRawSocket({ url, localAddress, headers = {}, onText }: RawSocketOptions): RawSocket {
  const { hostname, port, pathname, search } = new URL(url);
  const socket = connect({
    host: hostname,
    port: Number(port),
    noDelay: true,
    ...(localAddress ? { localAddress } : {}),
  });
  const answered = Promise.withResolvers<string>();
  const closed = Promise.withResolvers<{ code: number; reason: string } | undefined>();
  let isUpgraded = false;
  let rest: Buffer | undefined;
  let close: { code: number; reason: string } | undefined;

  const sendFrame = ({ opcode, payload = Buffer.alloc(0), reserved = 0 }: Parameters<RawSocket['sendFrame']>[0]) => {
    const { length } = payload;
    const head = length < 126 ? [0x80 | length] : [0x80 | 126, length >> 8, length & 0xff];
    // Masked with zeros, which is masked and changes nothing.
    socket.write(Buffer.concat([Buffer.from([0x80 | (reserved << 4) | opcode, ...head, 0, 0, 0, 0]), payload]));
  };

  const take = (opcode: number, payload: Buffer) => {
    if (opcode === OPCODE.text) onText(payload);
    else if (opcode === OPCODE.ping) sendFrame({ opcode: OPCODE.pong, payload: Buffer.from(payload) });
    else if (opcode === OPCODE.close) {
      close = { code: payload.readUInt16BE(0), reason: payload.toString('utf8', 2) };
      sendFrame({ opcode: OPCODE.close, payload: Buffer.from(payload.subarray(0, 2)) });
      socket.end();
    }
  };

  socket.on('connect', () => {
    const more = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
    socket.write(
      `GET ${pathname}${search} HTTP/1.1\r\nHost: ${hostname}:${port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n${more.join('')}\r\n`,
    );
  });
  socket.on('data', (chunk: Buffer) => {
    let bytes = rest ? Buffer.concat([rest, chunk]) : chunk;
    if (!isUpgraded) {
      const end = bytes.indexOf('\r\n\r\n');
      rest = bytes;
      if (end === -1) return;
      isUpgraded = true;
      answered.resolve(bytes.toString('latin1'));
      bytes = bytes.subarray(end + 4);
    }
    let at = 0;
    for (;;) {
      const frame = frameAt(bytes, at);
      if (!frame) break;
      take(frame.opcode, bytes.subarray(frame.from, frame.to));
      at = frame.to;
    }
    rest = at < bytes.length ? bytes.subarray(at) : undefined;
  });
  socket.on('error', () => undefined);
  socket.on('close', () => {
    answered.resolve('');
    closed.resolve(close);
  });

  return {
    socket,
    answered: answered.promise,
    send: (text) => sendFrame({ opcode: OPCODE.text, payload: Buffer.from(text) }),
    sendFrame,
    closed: closed.promise,
  };
}

/** A server's frame is not masked. Undefined if it is not there as a whole. */
function frameAt(bytes: Buffer, at: number) {
  if (bytes.length < at + 2) return undefined;
  const short = (bytes[at + 1] ?? 0) & 0x7f;
  const head = short < 126 ? 2 : short === 126 ? 4 : 10;
  if (bytes.length < at + head) return undefined;
  const length =
    short < 126 ? short : short === 126 ? bytes.readUInt16BE(at + 2) : Number(bytes.readBigUInt64BE(at + 2));
  const from = at + head;
  return bytes.length < from + length ? undefined : { opcode: (bytes[at] ?? 0) & 0x0f, from, to: from + length };
}
