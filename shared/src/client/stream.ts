/** Frames of one channel as an async iterator. Bounded: a reader who falls behind is taken off the wire, and put on again where it stopped. */
import type { ServerFrame } from '../contract/socket.ts';
import { createInbox } from './inbox.ts';
import type { Channel, Link } from './link.ts';

/** How many frames may wait for a reader. */
const KEPT = 1_000;
/** Taken up again when so few are left. */
const FEW = 100;

/** Ends when the node is closed or the signal says so; `await using`, or leaving the loop, takes the subscription back. */
export interface FrameStream<Frame> extends AsyncIterableIterator<Frame, undefined>, AsyncDisposable {}

export interface Kind<Frame> {
  readonly begin: Channel['begin'];
  /** What the reader gets of a frame, if anything; and notes where to go on. */
  note(frame: ServerFrame): Frame | undefined;
  /** Whether a frame may be left out while the reader is busy: the next one of its kind says it again. */
  isDispensable(frame: Frame): boolean;
  /** Whether nothing comes after it. */
  isLast(frame: Frame): boolean;
}

export function openStream<Frame>(link: Link, kind: Kind<Frame>, signal?: AbortSignal): FrameStream<Frame> {
  const inbox = createInbox<Frame>();
  let isOnWire = true;

  const channel: Channel = {
    begin: kind.begin,
    take(given) {
      const frame = kind.note(given);
      if (frame === undefined || (kind.isDispensable(frame) && inbox.size() >= FEW)) return;
      inbox.put(frame);
      if (kind.isLast(frame)) leave();
      else if (inbox.size() >= KEPT) {
        isOnWire = false;
        link.close(channel);
      }
    },
    end: inbox.end,
  };
  const leave = () => {
    link.close(channel);
    isOnWire = true;
    inbox.end();
    signal?.removeEventListener('abort', leave);
  };
  if (signal?.aborted) inbox.end();
  else {
    signal?.addEventListener('abort', leave, { once: true });
    link.open(channel);
  }

  const stop = () => {
    leave();
    return Promise.resolve({ done: true, value: undefined } as const);
  };
  const stream: FrameStream<Frame> = {
    async next() {
      const frame = await inbox.take();
      if (!isOnWire && inbox.size() <= FEW) {
        isOnWire = true;
        link.open(channel);
      }
      return frame === undefined ? { done: true, value: undefined } : { done: false, value: frame };
    },
    return: stop,
    [Symbol.asyncIterator]: () => stream,
    async [Symbol.asyncDispose]() {
      await stop();
    },
  };
  return stream;
}
