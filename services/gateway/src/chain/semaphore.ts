/** A semaphore: so many at once; whoever is done, or gives up, lets the next one. */

export interface Permit extends Disposable {
  /** Resolves when it has its place, until it is disposed of. */
  take(): Promise<void>;
}

export interface Semaphore {
  /** One that has not asked yet. */
  none(): Permit;
}

export function createSemaphore(atOnce: number): Semaphore {
  let taken = 0;
  const waiting = new Set<() => void>();

  const next = () => {
    const [go] = waiting;
    if (go === undefined || taken >= atOnce) return;
    waiting.delete(go);
    taken += 1;
    go();
  };

  return {
    none() {
      let state: 'none' | 'waits' | 'has' = 'none';
      const { promise, resolve } = Promise.withResolvers<void>();
      const go = () => {
        state = 'has';
        resolve();
      };
      return {
        take() {
          if (state === 'none') {
            state = 'waits';
            waiting.add(go);
            next();
          }
          return promise;
        },
        [Symbol.dispose]() {
          waiting.delete(go);
          if (state !== 'has') return;
          state = 'none';
          taken -= 1;
          next();
        },
      };
    },
  };
}
