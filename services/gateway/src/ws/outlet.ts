/**
 * What one socket sends. Frames are written whole, as bytes that all sockets share, straight to the connection: the WebSocket library
 * adds a head to each, socket by socket. What a client is slow to read is bounded.
 */
import type { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';
import type { ServerFrame } from '@capstan/shared/contract/socket';
import type { Outlet } from '../live/outlet.ts';
import { createPace } from '../live/pace.ts';
import { textFrame } from './text-frame.ts';

/** Beyond so many times the bound, which only answers that nobody reads can reach, the client is let go. */
const MOST_FOLD = 4;

export interface SlowAt {
  readonly subscription: string;
  /** All up to here was sent. */
  readonly cursor: number;
}

interface OutletOptions {
  readonly socket: WebSocket;
  readonly stream: Duplex;
  /** Most that may wait in memory for the client to read it. */
  readonly maxBufferedBytes: number;
  /** How long a client may read nothing at all while something waits for it. */
  readonly stallLimitMs: number;
  /** `at`: the last event sent, if there was one. */
  readonly onTooSlow: (at: SlowAt | undefined) => void;
}

export function createOutlet({ socket, stream, maxBufferedBytes, stallLimitMs, onTooSlow }: OutletOptions): Outlet {
  let lastSent: SlowAt | undefined;

  /** What is written in one turn, such as the events of one commit, leaves in one piece. */
  let isHeld = false;
  const release = () => {
    isHeld = false;
    stream.uncork();
  };
  const write = (bytes: Buffer) => {
    if (!isHeld) {
      isHeld = true;
      stream.cork();
      process.nextTick(release);
    }
    stream.write(bytes);
  };

  const isFull = () => stream.writableLength > maxBufferedBytes;

  return {
    send(frame: ServerFrame) {
      if (socket.readyState !== socket.OPEN) return;
      // Answers to what a client asks, which it may do without ever reading one.
      if (isFull() && frame.type === 'pong') return;
      if (stream.writableLength > MOST_FOLD * maxBufferedBytes && frame.type !== 'error') return onTooSlow(lastSent);
      write(textFrame(JSON.stringify(frame)));
    },
    tell(frame, subscription) {
      if (socket.readyState !== socket.OPEN) return;
      write(frame.bytes(textFrame, subscription));
      lastSent = { subscription, cursor: frame.cursor };
    },
    hint(hint, subscription, kind) {
      const isLeftOut = kind === 'once' ? isFull() : stream.writableNeedDrain;
      if (socket.readyState === socket.OPEN && !isLeftOut) write(hint.bytes(textFrame, subscription));
    },
    ready: createPace({ stream, stallLimitMs, onStalled: () => onTooSlow(lastSent) }),
    isBehind: () => stream.writableNeedDrain,
    isFull,
  };
}
