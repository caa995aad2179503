/** Backpressure: waits for a client that reads more slowly than it is told: what it has not read yet stays in memory. */
import type { Writable } from 'node:stream';

/** Slower than this, what waits is as good as not read: it only lengthens the time that a client has for it. */
const SLOWEST_BYTES_PER_MS = 32;

interface PaceOptions {
  readonly stream: Pick<Writable, 'writableNeedDrain' | 'writableLength' | 'destroyed' | 'once' | 'off'>;
  /** How long a client may read nothing at all. */
  readonly stallLimitMs: number;
  readonly onStalled: () => void;
}

/** How long a client may take for what waits for it. A line that is slow is no client that has stopped reading. */
export function limitFor({ writableLength }: Pick<Writable, 'writableLength'>, stallLimitMs: number): number {
  return stallLimitMs + writableLength / SLOWEST_BYTES_PER_MS;
}

/** Resolves when the stream takes more, and when it is closed. */
export function createPace({ stream, stallLimitMs, onStalled }: PaceOptions): () => Promise<void> {
  return () => {
    if (!stream.writableNeedDrain || stream.destroyed) return Promise.resolve();
    const { promise, resolve } = Promise.withResolvers<undefined>();
    const go = () => resolve(undefined);
    const stalled = setTimeout(onStalled, limitFor(stream, stallLimitMs));
    stream.once('drain', go).once('close', go);
    return promise.finally(() => {
      clearTimeout(stalled);
      stream.off('drain', go).off('close', go);
    });
  };
}
