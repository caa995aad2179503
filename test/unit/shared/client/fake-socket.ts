/** A WebSocket without a network, and the node's side of it in the hands of a test. */
import { once, EventEmitter } from 'node:events';
import type { ClientFrame, ServerFrame } from '@capstan/shared/contract/socket';

export interface NodeSide {
  readonly url: string;
  /** What the client has sent, oldest first. */
  readonly sent: readonly ClientFrame[];
  accept(): void;
  send(...frames: readonly ServerFrame[]): void;
  /** The socket breaks, or the node closes it. */
  lose(code?: number, reason?: string): void;
  readonly isClosed: () => boolean;
}

export function fakeSockets() {
  const opened: NodeSide[] = [];
  const arrivals = new EventEmitter();

  // oxlint-disable-next-line typescript/no-extraneous-class -- what `new WebSocket` is: a constructor
  class FakeSocket extends EventTarget {
    constructor(url: string) {
      super();
      const sent: ClientFrame[] = [];
      let isClosed = false;
      this.send = (text: string) => void sent.push(JSON.parse(text) as ClientFrame);
      this.close = () => {
        isClosed = true;
      };
      const side: NodeSide = {
        url,
        sent,
        accept: () => void this.dispatchEvent(new Event('open')),
        send: (...frames) => {
          for (const frame of frames) this.dispatchEvent(new MessageEvent('message', { data: JSON.stringify(frame) }));
        },
        lose: (code = 1006, reason = '') =>
          void this.dispatchEvent(Object.assign(new Event('close'), { code, reason })),
        isClosed: () => isClosed,
      };
      opened.push(side);
      arrivals.emit('socket');
    }
    readonly send: (text: string) => void;
    readonly close: () => void;
  }

  return {
    WebSocket: FakeSocket as unknown as new (url: string) => WebSocket,
    opened,
    /** The n-th socket, once the client has opened it. */
    async socket(n: number): Promise<NodeSide> {
      for (;;) {
        const side = opened[n - 1];
        if (side) return side;
        await once(arrivals, 'socket');
      }
    },
  };
}
