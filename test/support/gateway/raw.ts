/** HTTP by hand, for what no well-behaved client would send. */
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';

export interface Exchange {
  /** All that came until the node closed the connection. */
  readonly text: string;
  /** The status of the first answer; undefined if there was none. */
  readonly status: number | undefined;
  /** The body of the last answer, as JSON. */
  json(): unknown;
  readonly tookMs: number;
}

const LIMIT_MS = 60_000;

export async function openSocket(url: string): Promise<Socket> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  await once(socket, 'connect');
  return socket;
}

/** Writes what it is given and listens until the node closes; `drip` is written again and again for as long. */
export async function exchange(
  url: string,
  text: string | Buffer,
  drip?: { readonly text: string; readonly everyMs: number },
): Promise<Exchange> {
  const begin = performance.now();
  const socket = await openSocket(url);
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  // A reset is a way of closing, too.
  socket.on('error', () => undefined);
  const dripping = drip && setInterval(() => socket.write(drip.text), drip.everyMs);
  const limit = setTimeout(() => socket.destroy(), LIMIT_MS);
  socket.write(text);
  await once(socket, 'close');
  clearInterval(dripping);
  clearTimeout(limit);
  const received = Buffer.concat(chunks).toString('latin1');
  const status = /^HTTP\/1\.1 (\d{3})/.exec(received)?.[1];
  return {
    text: received,
    status: status === undefined ? undefined : Number(status),
    json: () => JSON.parse(received.slice(received.lastIndexOf('\r\n\r\n') + 4)) as unknown,
    tookMs: performance.now() - begin,
  };
}

/**
 * Asks for `GET /` again and again, as somebody does who has nothing to do with what goes on; stops when told, and tells how many answers
 * there were. Fails if one of them was not a success.
 */
export function bystander(url: string): { stop(): Promise<number> } {
  const over = new AbortController();
  const look = async () => {
    let answers = 0;
    while (!over.signal.aborted) {
      const response = await fetch(url);
      await response.arrayBuffer();
      if (response.status !== 200) throw new Error(`a bystander got ${response.status}`);
      answers += 1;
    }
    return answers;
  };
  const looking = look();
  return {
    stop() {
      over.abort();
      return looking;
    },
  };
}

/** Memory that a process has in use, in MB. */
export async function memoryMB(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) / 1024;
}
