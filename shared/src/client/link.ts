/** The way to a node: one socket that is opened again when it breaks, and what goes over it begun again where it was. */
import type { ClientFrame, ServerFrame } from '../contract/socket.ts';
import { CapstanError, ERRORS, type ErrorCode } from '../contract/errors.ts';
import { backoffMs } from './backoff.ts';
import { openConnection, type Connection, type SocketConstructor } from './connection.ts';

/** Who asks: a token or a ticket, or an address with nonce and signature. Asked for anew with each connection, if it is a function. */
export type Auth = Omit<Extract<ClientFrame, { type: 'authenticate' }>, 'type'>;
export type AuthSource = Auth | (() => Auth | Promise<Auth>);

export type LinkState =
  | { readonly kind: 'connecting' }
  | { readonly kind: 'open' }
  /** Lost; the next try is in `forMs`. */
  | { readonly kind: 'waiting'; readonly forMs: number }
  | { readonly kind: 'closed' };

/** One of the things that go over a link: a subscription, or a log. */
export interface Channel {
  /** The frame that begins it, or goes on with it, under this name. */
  begin(name: string): ClientFrame;
  take(frame: ServerFrame): void;
  /** Nothing more will come. */
  end(error?: Error): void;
}

export interface Link {
  open(channel: Channel): void;
  /** Takes it off the wire; `open` puts it on again. */
  close(channel: Channel): void;
  /** Does not wait any longer before the next try: the network is back. */
  retryNow(): void;
  state(): LinkState;
  /** Called with each change, until the returned function is. */
  onState(listener: (state: LinkState) => void): () => void;
  shut(): void;
}

export interface LinkOptions {
  readonly url: string;
  readonly auth: AuthSource | undefined;
  readonly Socket: SocketConstructor;
  readonly random: () => number;
}

/** Close codes that trying again does not change: a frame that is none, a caller who may not, a page from elsewhere. */
const FINAL: ReadonlySet<number> = new Set([4400, 4401, 4403]);
const UNAUTHORIZED = 4401;

export function createLink({ url, auth, Socket, random }: LinkOptions): Link {
  /** By the name on the wire. Each beginning has a new one, so that what still comes of an earlier one is nobody's. */
  const channels = new Map<string, Channel>();
  const listeners = new Set<(state: LinkState) => void>();
  let state: LinkState = { kind: 'connecting' };
  let connection: Connection | undefined;
  let retrying: ReturnType<typeof setTimeout> | undefined;
  let failures = 0;
  let names = 0;

  const report = (next: LinkState) => {
    state = next;
    for (const listener of listeners) listener(next);
  };
  const isClosed = () => state.kind === 'closed';

  const begin = (channel: Channel) => {
    if (isClosed()) return channel.end();
    const name = String((names += 1));
    channels.set(name, channel);
    if (state.kind === 'open') connection?.send(channel.begin(name));
  };

  const shut = (error?: Error) => {
    if (isClosed()) return;
    clearTimeout(retrying);
    connection?.close();
    report({ kind: 'closed' });
    const all = [...channels.values()];
    channels.clear();
    for (const channel of all) channel.end(error);
  };

  /** The others go on. */
  const endOne = (name = '', error: Error) => {
    const channel = channels.get(name);
    channels.delete(name);
    channel?.end(error);
  };

  const tryLater = () => {
    const forMs = backoffMs(failures, random());
    failures += 1;
    retrying = setTimeout(connect, forMs);
    report({ kind: 'waiting', forMs });
  };

  const openAs = (asked: Auth | undefined) => {
    let refusal: CapstanError | undefined;
    let wasServed = false;
    connection = openConnection({
      url,
      Socket,
      onOpen() {
        if (asked) connection?.send({ type: 'authenticate', ...asked });
        const all = [...channels.values()];
        channels.clear();
        names = 0;
        report({ kind: 'open' });
        all.forEach(begin);
      },
      onFrame(frame) {
        if (frame.type === 'error') {
          const error = new CapstanError(knownCode(frame.code), frame.message);
          if (frame.isOpen === true) endOne(frame.subscription, error);
          else refusal = error;
          return;
        }
        if (!('subscription' in frame)) return;
        wasServed = true;
        failures = 0;
        if (frame.subscription !== undefined) channels.get(frame.subscription)?.take(frame);
      },
      onLost(code, reason) {
        connection = undefined;
        // What was let in before and is not now has a token that ran out; whoever makes tokens makes another.
        const isRenewable = code === UNAUTHORIZED && typeof auth === 'function' && wasServed;
        if (!FINAL.has(code) || isRenewable) return tryLater();
        shut(refusal ?? new CapstanError('BAD_REQUEST', `The node closed the connection: ${code} ${reason}`.trim()));
      },
    });
  };

  const askAndOpen = async (source: () => Auth | Promise<Auth>) => {
    try {
      const asked = await source();
      if (!isClosed()) openAs(asked);
    } catch (error) {
      shut(error instanceof Error ? error : new Error(String(error)));
    }
  };

  function connect(): void {
    report({ kind: 'connecting' });
    if (typeof auth === 'function') void askAndOpen(auth);
    else openAs(auth);
  }

  connect();
  return {
    open: begin,
    close(channel) {
      for (const [name, each] of channels) {
        if (each !== channel) continue;
        channels.delete(name);
        if (state.kind === 'open') connection?.send({ type: 'unsubscribe', subscription: name });
      }
    },
    retryNow() {
      if (state.kind !== 'waiting') return;
      clearTimeout(retrying);
      connect();
    },
    state: () => state,
    onState(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    shut: () => shut(),
  };
}

function knownCode(code: string): ErrorCode {
  return Object.hasOwn(ERRORS, code) ? (code as ErrorCode) : 'BAD_REQUEST';
}
