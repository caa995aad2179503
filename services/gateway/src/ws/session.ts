/** One socket: takes its subscriptions, sends a snapshot and then the events after it, and closes it when the client can't keep up. */
import type { WebSocket } from 'ws';
import {
  CLOSE,
  DEFAULT_SUBSCRIPTION,
  PROTOCOL_VERSION,
  type ServerFrame,
  type SubscribeFrame,
} from '@capstan/shared/contract/socket';
import { CapstanError } from '@capstan/shared/errors';
import type { Log } from '@capstan/shared/log';
import type { Live } from '../jobs/live.ts';
import type { Query, Selection } from '../jobs/query.ts';
import type { Hub } from './hub.ts';
import { frameText, parseFrame } from './protocol.ts';

/** What may wait in memory for a client that does not read. */
const MAX_BUFFERED_BYTES = 1_000_000;

export interface SessionOptions {
  readonly live: Live;
  readonly hub: Hub;
  readonly query: Query;
  readonly log: Log;
  /** The node's address. */
  readonly node: string;
}

export function openSession(socket: WebSocket, { live, hub, query, log, node }: SessionOptions): void {
  let unsubscribe: (() => void) | undefined;

  const sendText = (text: string) => {
    if (socket.readyState !== socket.OPEN) return;
    socket.send(text);
    if (socket.bufferedAmount > MAX_BUFFERED_BYTES) {
      unsubscribe?.();
      log.info('closing a socket whose client does not keep up');
      socket.close(CLOSE.tooSlow, 'too slow: reconnect for a new snapshot');
    }
  };
  const send = (frame: ServerFrame) => sendText(frameText(frame));

  const fail = (closeCode: number, code: string, message: string) => {
    send({ type: 'error', code, message });
    // The protocol allows 123 bytes; the frame before it says it whole.
    socket.close(closeCode, code);
  };

  const failInternally = (error: unknown) => {
    log.error({ err: error }, 'a subscription failed in a way that it must not');
    fail(CLOSE.internal, 'INTERNAL', 'Something went wrong in the node. Its log says what.');
  };

  const subscribe = async (frame: SubscribeFrame) => {
    const selection = await authorize(frame);
    if (!selection) return;
    unsubscribe?.();
    // Snapshot and subscription happen in one turn, and commits announce themselves in theirs: nothing falls between.
    send({
      type: 'snapshot',
      subscription: DEFAULT_SUBSCRIPTION,
      cursor: live.lastCursor(),
      jobs: [...query.statuses(selection)],
      progress: [],
    });
    unsubscribe = hub.listen({ selection, send: sendText });
    if (socket.readyState !== socket.OPEN) unsubscribe();
  };

  const authorize = async (frame: SubscribeFrame): Promise<Selection | undefined> => {
    try {
      return await query.authorize(frame);
    } catch (error) {
      if (!(error instanceof CapstanError)) throw error;
      if (error.code === 'INVALID_SIGNATURE') fail(CLOSE.unauthorized, error.code, error.message);
      else fail(CLOSE.badFrame, error.code, Object.values(error.facts.fields ?? {})[0]?.[0] ?? error.message);
      return undefined;
    }
  };

  const receive = async (frame: SubscribeFrame | { readonly type: 'ping' }) => {
    switch (frame.type) {
      case 'subscribe':
        return subscribe(frame);
      case 'ping':
        return send({ type: 'pong' });
    }
  };

  send({ type: 'hello', v: PROTOCOL_VERSION, node });
  socket.on('message', (data, isBinary) => {
    const parsed = isBinary
      ? ({ kind: 'bad', problem: 'Frames are text.' } as const)
      : parseFrame(Buffer.isBuffer(data) ? data.toString('utf8') : '');
    if (parsed.kind === 'bad') fail(CLOSE.badFrame, 'BAD_FRAME', parsed.problem);
    else receive(parsed.frame).catch(failInternally);
  });
  socket.on('error', (error) => log.debug({ err: error }, 'socket failed'));
  socket.on('close', () => unsubscribe?.());
}
