/**
 * A client of a node's live side, for Node from 22 on and for browsers: follows jobs and their logs through restarts of either end, each
 * event exactly once and in order. `docs/live.md` shows it in use.
 */
import { EVENTS_PATH } from '../contract/paths.ts';
import type { SocketConstructor } from './connection.ts';
import { createLink, type AuthSource, type LinkState } from './link.ts';
import { logKind, type LogFrame, type LogSelection } from './log-stream.ts';
import { statusKind, type StatusFrame, type Which } from './status-stream.ts';
import { openStream, type FrameStream } from './stream.ts';

export interface Node extends AsyncDisposable {
  /** Begins at once. Any number of subscriptions share one socket. */
  subscribe(which: Which, options?: { readonly signal?: AbortSignal }): FrameStream<StatusFrame>;
  /** What a job of the caller's own writes, before, while and after it runs. */
  logs(which: LogSelection, options?: { readonly signal?: AbortSignal }): FrameStream<LogFrame>;
  state(): LinkState;
  /** Called with each change, until the returned function is. */
  onState(listener: (state: LinkState) => void): () => void;
  /** To be called when the network is back: the next try to connect is made at once. */
  retryNow(): void;
  /** Ends all streams. */
  close(): void;
}

export interface ConnectOptions {
  readonly auth?: AuthSource;
  /** In place of the global one. */
  readonly WebSocket?: SocketConstructor;
  readonly random?: () => number;
}

/** Connects at once, and again for as long as it is not closed. `url` is the node's own, `http://…` or `https://…`. */
export function connect(url: string, options: ConnectOptions = {}): Node {
  const { auth, WebSocket: Socket = globalThis.WebSocket, random = Math.random } = options;
  const link = createLink({ url: `${url.replace(/^http/, 'ws')}${EVENTS_PATH}`, auth, Socket, random });
  return {
    subscribe: (which, { signal } = {}) => openStream(link, statusKind(which), signal),
    logs: (which, { signal } = {}) => openStream(link, logKind(which), signal),
    state: link.state,
    onState: link.onState,
    retryNow: link.retryNow,
    close: link.shut,
    [Symbol.asyncDispose]() {
      link.shut();
      return Promise.resolve();
    },
  };
}
