/** Server-sent events: the frames of live status as a stream that any HTTP client can read, and a browser's EventSource resumes by itself. */
import type { ServerResponse } from 'node:http';
import type { ServerFrame } from '@capstan/shared/contract/socket';
import type { Outlet } from '../live/follow.ts';
import { createPace } from '../live/pace.ts';
import type { Form } from '../live/told.ts';

/** Proxies close what is silent, most of them after a minute. */
const HEARTBEAT_MS = 20_000;
const RETRY_MS = 2_000;
const STALL_LIMIT_MS = 30_000;
/** How long a client may take to read the rest of a stream that has ended. */
const END_LIMIT_MS = 10_000;

export interface EventStream extends Outlet {
  /** Says why, and ends. */
  fail(code: string, message: string): void;
  end(): void;
}

/** `id` is what a client sends as Last-Event-ID when it comes back. `error` is EventSource's own name for what goes wrong with it. */
const message: Form = (text, type, cursor) =>
  Buffer.from(
    `${cursor === undefined ? '' : `id: ${cursor}\n`}event: ${type === 'error' ? 'problem' : type}\ndata: ${text}\n\n`,
  );

/** Begins the stream. Its headers are sent, so nothing else can be answered any more. */
export function beginEventStream(response: ServerResponse, maxBufferedBytes: number): EventStream {
  response.writeHead(200, {
    'Content-Type': 'text/event-stream; charset=utf-8',
    'Cache-Control': 'no-store',
    // nginx would collect events before it hands them on.
    'X-Accel-Buffering': 'no',
  });
  response.write(`retry: ${RETRY_MS}\n\n`);
  const heartbeat = setInterval(() => write(': \n\n'), HEARTBEAT_MS);
  response.once('close', () => clearInterval(heartbeat));

  const write = (bytes: Buffer | string) => {
    if (response.writable) response.write(bytes);
  };
  const end = () => {
    if (!response.writable) return;
    clearInterval(heartbeat);
    response.end();
    const limit = setTimeout(() => response.destroy(), END_LIMIT_MS);
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
  const tooSlow = () =>
    fail('TOO_SLOW', 'Too much waits for you to read it. Come back with the last id that you have.');

  return {
    send,
    tell(told, subscription) {
      write(told.bytes(message, subscription));
      if (response.writableLength > maxBufferedBytes) tooSlow();
    },
    hint(hint, subscription) {
      if (!response.writableNeedDrain) write(hint.bytes(message, subscription));
    },
    ready: createPace({ stream: response, stallLimitMs: STALL_LIMIT_MS, onStalled: tooSlow }),
    fail,
    end,
  };
}
