/** Waits for a client that reads more slowly than it is told: what it has not read yet stays in memory. */
import type { Writable } from 'node:stream';

interface PaceOptions {
  readonly stream: Writable;
  /** The client has read nothing at all for this long. */
  readonly stallLimitMs: number;
  readonly onStalled: () => void;
}

/** Resolves when the stream takes more, and when it is closed. */
export function createPace({ stream, stallLimitMs, onStalled }: PaceOptions): () => Promise<void> {
  return () => {
    if (!stream.writableNeedDrain || stream.destroyed) return Promise.resolve();
    const { promise, resolve } = Promise.withResolvers<undefined>();
    const go = () => resolve(undefined);
    const stalled = setTimeout(onStalled, stallLimitMs);
    stream.once('drain', go).once('close', go);
    return promise.finally(() => {
      clearTimeout(stalled);
      stream.off('drain', go).off('close', go);
    });
  };
}
