/** A client that follows a log, over HTTP or over a socket, and knows all that it was told. */
import { once } from 'node:events';
import type { ServerFrame } from '@capstan/shared/contract/socket';
import type { LogStream } from '@capstan/shared/contract/log';
import { createMailbox } from '../../../scripts/parts/mailbox.ts';
import { COMPUTE, type Caller } from './caller.ts';

export type LogFrames = Extract<ServerFrame, { type: 'log' | 'logRestart' | 'logEnd' }>;

export interface LogFollower extends AsyncDisposable {
  /** The text so far, of one stream or of both. */
  text(stream?: LogStream): string;
  /** Where to go on. */
  next(): number;
  frames(): readonly LogFrames[];
  until(isIt: (frame: LogFrames) => boolean, what: string): Promise<LogFrames>;
  /** Resolves once the text fits. */
  untilText(text: RegExp): Promise<void>;
  end(): Promise<LogFrames>;
}

const LIMIT_MS = 60_000;

export interface Following {
  readonly jobId: string;
  readonly from?: number;
  readonly follow?: boolean;
  readonly attempt?: number;
}

/** Authenticates by a token, then follows. */
export async function followOverSocket(url: string, who: Caller, following: Following): Promise<LogFollower> {
  const { token } = (await who.createToken()).json() as { readonly token: string };
  const socket = new WebSocket(`${url.replace(/^http/, 'ws')}${COMPUTE}/events`);
  socket.addEventListener('open', () => {
    socket.send(JSON.stringify({ type: 'authenticate', token }));
    socket.send(JSON.stringify({ type: 'logs', ...following }));
  });
  const frames = createMailbox<ServerFrame>({ name: 'the log', keep: 100_000, show: (frame) => JSON.stringify(frame) });
  socket.addEventListener('message', ({ data }) => frames.put(JSON.parse(String(data)) as ServerFrame));
  const closed = once(socket, 'close');
  socket.addEventListener('close', ({ code, reason }) => frames.end(`the socket closed with ${code} ${reason}`));
  socket.addEventListener('error', () => undefined);

  const isLog = (frame: ServerFrame): frame is LogFrames =>
    frame.type === 'log' || frame.type === 'logRestart' || frame.type === 'logEnd';
  const all = () => frames.items().filter(isLog);
  const text = (stream?: LogStream) => {
    let told = '';
    for (const frame of all()) {
      if (frame.type === 'logRestart') told = '';
      if (frame.type === 'log' && (stream === undefined || frame.stream === stream)) told += frame.text;
    }
    return told;
  };
  const until = (isIt: (frame: LogFrames) => boolean, what: string) =>
    frames.first({ match: (frame) => (isLog(frame) && isIt(frame) ? frame : undefined), what, limitMs: LIMIT_MS });

  return {
    text,
    next: () => all().findLast((frame) => frame.type === 'log')?.next ?? 0,
    frames: all,
    until,
    async untilText(wanted) {
      await until(() => wanted.test(text()), `a log that fits ${wanted}`);
    },
    end: () => until(({ type }) => type === 'logEnd', 'the end of the log'),
    async [Symbol.asyncDispose]() {
      socket.close();
      await closed;
    },
  };
}
