/** Server-sent events: the frames of live status as a stream that any HTTP client can read, and a browser's EventSource resumes by itself. */
import type { ServerResponse } from 'node:http';
import type { ServerFrame } from '@capstan/shared/contract/socket';
import type { Outlet } from '../live/outlet.ts';
import { createPace, limitFor } from '../live/pace.ts';
import type { Form } from '../live/broadcast-frame.ts';

/** Proxies close what is silent, most of them after a minute. */
const HEARTBEAT_MS = 20_000;
const RETRY_MS = 2_000;

export interface EventStream extends Outlet {
  /** Aborted when it has ended, whoever ended it. */
  readonly signal: AbortSignal;
  /** Says why, and ends. */
  fail(code: string, message: string): void;
  end(): void;
}

/** `id` is what a client sends as Last-Event-ID when it comes back. `error` is EventSource's own name for what goes wrong with it. */
const message: Form = (text, type, cursor) =>
  Buffer.from(
    `${cursor === undefined ? '' : `id: ${cursor}\n`}event: ${type === 'error' ? 'problem' : type}\ndata: ${text}\n\n`,
  );

interface EventStreamLimits {
  /** Most that may wait in memory for the client to read it. */
  readonly maxBufferedBytes: number;
  /** How long a client may read nothing at all while something waits for it. */
  readonly stallLimitMs: number;
  /** Said once it is over for that. */
  readonly onTooSlow: () => void;
}

/** Begins the stream. Its headers are sent, so nothing else can be answered any more. */
export function beginEventStream(
  response: ServerResponse,
  { maxBufferedBytes, stallLimitMs, onTooSlow }: EventStreamLimits,
): EventStream {
  const over = new AbortController();
  // `writable` stays true on a response that has ended, and to write to it then is an error.
  const isOpen = () => !over.signal.aborted && !response.destroyed && !response.writableEnded;
  const write = (bytes: Buffer | string) => {
    if (isOpen()) response.write(bytes);
  };
  const close = () => {
    clearInterval(heartbeat);
    over.abort();
  };
  const isFull = () => response.writableLength > maxBufferedBytes;
  const end = () => {
    if (!isOpen()) return;
    close();
    response.end();
    const limit = setTimeout(() => response.destroy(), limitFor(response, stallLimitMs));
    response.once('close', () => clearTimeout(limit));
  };
  const send = (frame: ServerFrame) => {
    const cursor = frame.type === 'snapshot' || frame.type === 'caughtUp' ? frame.cursor : undefined;
    write(message(JSON.stringify(frame), frame.type, cursor));
  };
  const fail = (code: string, text: string) => {
    send({ type: 'error', code, message: text });
    end();
  };
  const tooSlow = () => {
    fail('TOO_SLOW', 'You have read nothing for too long. Come back with the last id that you have.');
    onTooSlow();
  };

  // That the client is gone is said by `close`, which follows.
  response.on('error', () => undefined);
  response.once('close', close);
  const heartbeat = setInterval(() => {
    if (!response.writableNeedDrain) write(': \n\n');
  }, HEARTBEAT_MS);
  response.writeHead(200, {
    'Content-Type': 'text/event-stream; charset=utf-8',
    'Cache-Control': 'no-store',
    // nginx would collect events before it hands them on.
    'X-Accel-Buffering': 'no',
  });
  write(`retry: ${RETRY_MS}\n\n`);
  if (response.destroyed) close();

  return {
    signal: over.signal,
    send,
    tell: (told, subscription) => write(told.bytes(message, subscription)),
    hint(hint, subscription, kind) {
      const isLeftOut = kind === 'once' ? isFull() : response.writableNeedDrain;
      if (!isLeftOut) write(hint.bytes(message, subscription));
    },
    ready: createPace({ stream: response, stallLimitMs, onStalled: tooSlow }),
    isBehind: () => response.writableNeedDrain,
    isFull,
    fail,
    end,
  };
}
