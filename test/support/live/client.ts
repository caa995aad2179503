/** A client that says frames one by one and looks at each answer. */
import type { ClientFrame, ServerFrame } from '@capstan/shared/contract/socket';
import { EVENTS_PATH } from '@capstan/shared/contract/paths';
import { createMailbox } from '../../../scripts/parts/mailbox.ts';
import { openRawSocket, type RawSocket } from './raw-socket.ts';

export interface Client extends AsyncDisposable {
  readonly raw: RawSocket;
  say(frame: ClientFrame): void;
  /** All that came so far. */
  frames(): readonly ServerFrame[];
  /** The first frame, come already or from now on, that `isIt`. */
  until(isIt: (frame: ServerFrame) => boolean, what: string): Promise<ServerFrame>;
  /** Resolves when the node has closed the socket. */
  ended(): Promise<{ readonly code: number; readonly error: string | undefined }>;
}

const LIMIT_MS = 60_000;

interface ClientOptions {
  readonly headers?: Readonly<Record<string, string>>;
  /** What stands behind the path, such as a ticket. */
  readonly search?: string;
}

export function openClient(url: string, { headers = {}, search = '' }: ClientOptions = {}): Client {
  const box = createMailbox<ServerFrame>({ name: 'the socket', keep: 10_000, show: (frame) => JSON.stringify(frame) });
  const raw = openRawSocket({
    url: `${url}${EVENTS_PATH}${search}`,
    headers,
    onText: (payload) => box.put(JSON.parse(payload.toString('utf8')) as ServerFrame),
  });
  void raw.closed.then((closed) => box.end(`closed with ${closed?.code}`));
  const opened = raw.answered;
  return {
    raw,
    say: (frame) => void opened.then(() => raw.send(JSON.stringify(frame))),
    frames: box.items,
    until: (isIt, what) => box.first({ match: (frame) => (isIt(frame) ? frame : undefined), what, limitMs: LIMIT_MS }),
    async ended() {
      const closed = await raw.closed;
      const last = box.items().at(-1);
      return { code: closed?.code ?? 1006, error: last?.type === 'error' ? last.code : undefined };
    },
    async [Symbol.asyncDispose]() {
      raw.socket.destroy();
      await raw.closed;
    },
  };
}
