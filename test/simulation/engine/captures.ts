/** Captured logs, as the pipeline uses them: taken whole from the engine when the container has exited. How they are followed is not simulated. */
import type { Engine } from '../../../services/runner/src/docker/engine.ts';
import { retryWhileUnavailable } from '../../../services/runner/src/docker/retry-while-unavailable.ts';
import { namesOf } from '../../../services/runner/src/docker/names.ts';
import type { Captures } from '../../../services/runner/src/logs/captures.ts';

export function simulatedCaptures(engine: Engine): Captures {
  return {
    open(attempt, { log }) {
      const chunks: Buffer[] = [];
      return Promise.resolve({
        async complete(signal) {
          const { algorithm } = namesOf(attempt);
          const frames = await retryWhileUnavailable(() => engine.readLog(algorithm, { follow: false }, signal), {
            signal,
            log,
          });
          chunks.length = 0;
          for await (const pieces of frames) chunks.push(...pieces.map(({ bytes }) => bytes));
          return 'whole';
        },
        flooded: new Promise(() => undefined),
        breakOff: () => Promise.resolve(),
        leaveOpen: () => Promise.resolve(),
        sizeBytes: () => 0,
        read: (from) => Promise.resolve({ from, segments: [], bytes: Buffer.alloc(0) }),
        // oxlint-disable-next-line typescript/require-await -- what is in memory needs no waiting
        async *text() {
          yield* chunks;
        },
        async *segments() {},
        [Symbol.asyncDispose]: () => Promise.resolve(),
      });
    },
    find: () => undefined,
    onGrown: () => () => undefined,
    remove: () => Promise.resolve(),
    removeAllBut: () => Promise.resolve(),
  };
}
