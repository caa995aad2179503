/**
 * What speaks like a WebSocket to a node, and goes over plain requests: event streams for statuses, and the log as lines. For where a
 * proxy lets no upgrade through. Given as `WebSocket` to `connect`, everything else stays as it is.
 */
import { EVENTS_PATH } from '../contract/paths.ts';
import type { ClientFrame, ServerFrame } from '../contract/socket.ts';
import type { SocketConstructor } from './connection.ts';
import { linesOf } from './lines.ts';

const LOGS_PATH = '/api/services/computeLogs';
const NONCE_PATH = '/api/services/nonce';
const CLOSED_BY_LOSS = 1006;
const CLOSE_UNAUTHORIZED = 4401;

type Query = Readonly<Record<string, string | number | bigint | boolean | readonly string[] | undefined>>;
type Subscribe = Extract<ClientFrame, { type: 'subscribe' }>;
type Logs = Extract<ClientFrame, { type: 'logs' }>;

export const EventSocket: SocketConstructor = class extends EventTarget {
  readonly #root: string;
  readonly #open = new Map<string, AbortController>();
  #token: string | undefined;
  #isOver = false;

  constructor(url: string) {
    super();
    this.#root = url.replace(/^ws/, 'http').slice(0, -EVENTS_PATH.length);
    queueMicrotask(() => this.dispatchEvent(new Event('open')));
  }

  send(text: string): void {
    const frame = JSON.parse(text) as ClientFrame;
    switch (frame.type) {
      case 'authenticate':
        this.#token = frame.token;
        break;
      case 'page':
        // Further pages are REST's.
        break;
      case 'ping':
        this.#tell({ type: 'pong' });
        break;
      case 'unsubscribe':
        this.#open.get(frame.subscription)?.abort();
        this.#open.delete(frame.subscription);
        break;
      case 'subscribe':
        void this.#follow(frame.subscription ?? '1', (signal) => this.#statuses(frame, signal));
        break;
      case 'logs':
        void this.#follow(frame.subscription ?? '1', (signal) => this.#log(frame, signal));
        break;
    }
  }

  close(): void {
    this.#isOver = true;
    for (const each of this.#open.values()) each.abort();
    this.#open.clear();
  }

  #tell(frame: ServerFrame): void {
    if (!this.#isOver) this.dispatchEvent(new MessageEvent('message', { data: JSON.stringify(frame) }));
  }

  #lose(code: number, reason: string): void {
    if (this.#isOver) return;
    this.close();
    this.dispatchEvent(Object.assign(new Event('close'), { code, reason }));
  }

  /** A stream that breaks off is the connection's loss: it is opened again, and each subscription goes on where it was. */
  async #follow(subscription: string, begin: (signal: AbortSignal) => Promise<Response>): Promise<void> {
    const ending = new AbortController();
    this.#open.set(subscription, ending);
    try {
      const response = await begin(ending.signal);
      if (!response.ok) return await this.#refused(subscription, response);
      let isComplete = false;
      for await (const line of linesOf(response)) {
        const text = line.startsWith('data: ') ? line.slice('data: '.length) : line;
        if (!text.startsWith('{')) continue;
        const frame = { ...(JSON.parse(text) as ServerFrame), subscription } as ServerFrame;
        isComplete = frame.type === 'logEnd';
        this.#tell(frame);
      }
      if (!isComplete) this.#lose(CLOSED_BY_LOSS, 'the stream ended');
    } catch (error) {
      if (!ending.signal.aborted) this.#lose(CLOSED_BY_LOSS, error instanceof Error ? error.message : String(error));
    }
  }

  async #refused(subscription: string, response: Response): Promise<void> {
    const { status } = response;
    if (status >= 500 || status === 429) return this.#lose(CLOSED_BY_LOSS, `the node answered ${status}`);
    const message = await saidIn(response);
    const code = status === 401 ? 'INVALID_SIGNATURE' : 'BAD_REQUEST';
    // The token that stands for all of them.
    if (status === 401 && this.#token !== undefined) {
      this.#tell({ type: 'error', code, message });
      return this.#lose(CLOSE_UNAUTHORIZED, code);
    }
    this.#tell({ type: 'error', code, message, subscription, isOpen: true });
  }

  #ask(path: string, query: Query, accept: string, signal: AbortSignal): Promise<Response> {
    const given = Object.entries(query).flatMap(([name, value]): [string, string][] =>
      value === undefined ? [] : [[name, typeof value === 'object' ? value.join(',') : String(value)]],
    );
    const token = this.#token === undefined ? {} : { AuthToken: this.#token };
    const search = new URLSearchParams(given).toString();
    return fetch(`${this.#root}${path}?${search}`, { headers: { Accept: accept, ...token }, signal });
  }

  #statuses({ type: _type, subscription: _subscription, ...which }: Subscribe, signal: AbortSignal) {
    return this.#ask(EVENTS_PATH, which, 'text/event-stream', signal);
  }

  async #log({ jobId, from, attempt, follow = true }: Logs, signal: AbortSignal): Promise<Response> {
    const consumerAddress = addressIn(this.#token);
    const known = await this.#ask(NONCE_PATH, { userAddress: consumerAddress }, 'application/json', signal);
    // As text: a nonce has more digits than a number of JavaScript.
    const last = BigInt(/"nonce":(\d+)/.exec(await known.text())?.[1] ?? 0);
    const now = BigInt(Date.now());
    const nonce = now > last ? now : last + 1n;
    const query = { jobId, consumerAddress, nonce, from, attempt, follow };
    return this.#ask(LOGS_PATH, query, 'application/x-ndjson', signal);
  }
};

/** Whom a token stands for, as it says itself; the node looks whether it is true. */
function addressIn(token = ''): string | undefined {
  try {
    const claims = (token.split('.')[1] ?? '').replaceAll('-', '+').replaceAll('_', '/');
    return (JSON.parse(atob(claims)) as { readonly address?: string }).address;
  } catch {
    return undefined;
  }
}

async function saidIn(response: Response): Promise<string> {
  try {
    const { message, error } = (await response.json()) as { readonly message?: string; readonly error?: unknown };
    return typeof error === 'string' ? error : (message ?? `The node answered ${response.status}.`);
  } catch {
    return `The node answered ${response.status}.`;
  }
}
