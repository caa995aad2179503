/** A server that says exactly these bytes, and then keeps the connection, ends it or breaks it: what no web server of Node's does. */
import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';

export interface RawAnswer {
  readonly head: readonly string[];
  readonly body?: Buffer | string;
  /** `break`: as if somebody had pulled the plug. `keep`: says nothing more. */
  readonly after: 'end' | 'break' | 'keep';
}

export interface RawServer extends AsyncDisposable {
  readonly url: string;
  /** The heads of the requests, lower-case. */
  readonly asked: readonly string[];
}

/** `answer` is asked with the head of each request and how many came before it. */
export async function startRawServer(answer: (head: string, number: number) => RawAnswer): Promise<RawServer> {
  const asked: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket)).on('error', () => undefined);
    let head = '';
    socket.on('data', (chunk) => {
      head += chunk.toString('latin1');
      if (!head.includes('\r\n\r\n')) return;
      const { head: lines, body = '', after } = answer(head.toLowerCase(), asked.length);
      asked.push(head.toLowerCase());
      head = '';
      socket.write(`${lines.join('\r\n')}\r\n\r\n`);
      socket.write(body, () => {
        if (after === 'end') socket.end();
        // After what was written has left.
        if (after === 'break') socket.destroySoon();
      });
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    async [Symbol.asyncDispose]() {
      server.close();
      for (const socket of sockets) socket.destroy();
      await once(server, 'close');
    },
  };
}
