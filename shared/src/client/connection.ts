/** One WebSocket from its opening to its loss. A peer that has gone without a word is noticed by its silence. */
import type { ClientFrame, ServerFrame } from '../contract/socket.ts';

/** A browser does not show the node's own pings to the page: one asks, and any frame counts as an answer. */
const ASK_EVERY_MS = 20_000;

export interface Connection {
  send(frame: ClientFrame): void;
  close(): void;
}

/** The part of the standard WebSocket that is used. */
export type SocketConstructor = new (url: string) => Pick<WebSocket, 'addEventListener' | 'send' | 'close'>;

interface ConnectionOptions {
  readonly url: string;
  readonly Socket: SocketConstructor;
  onOpen(): void;
  onFrame(frame: ServerFrame): void;
  /** Called once, and not after `close`. */
  onLost(code: number, reason: string): void;
}

export function openConnection({ url, Socket, onOpen, onFrame, onLost }: ConnectionOptions): Connection {
  const listening = new AbortController();
  const { signal } = listening;
  const socket = new Socket(url);
  let asking: ReturnType<typeof setInterval> | undefined;
  let wasHeard = true;

  const send = (frame: ClientFrame) => socket.send(JSON.stringify(frame));
  const leave = () => {
    clearInterval(asking);
    listening.abort();
    socket.close();
  };
  const lose = (code: number, reason: string) => {
    leave();
    onLost(code, reason);
  };

  socket.addEventListener(
    'open',
    () => {
      asking = setInterval(() => {
        if (!wasHeard) return lose(1006, 'the node fell silent');
        wasHeard = false;
        send({ type: 'ping' });
      }, ASK_EVERY_MS);
      onOpen();
    },
    { signal },
  );
  socket.addEventListener(
    'message',
    ({ data }) => {
      wasHeard = true;
      onFrame(JSON.parse(String(data)) as ServerFrame);
    },
    { signal },
  );
  // The close that follows says what there is to say; without a listener, it would be an uncaught error.
  socket.addEventListener('error', () => undefined, { signal });
  socket.addEventListener('close', ({ code, reason }) => lose(code, reason), { signal });

  return { send, close: leave };
}
