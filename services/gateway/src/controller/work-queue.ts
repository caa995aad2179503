/**
 * Work by keys: one key is never worked on twice at once, keys do not wait for each other, and one that is asked for while it is worked on
 * is worked on once more, so that no change is missed.
 */
export interface WorkQueue<Key> {
  add(key: Key): void;
  /** How many are worked on or wait for it. */
  size(): number;
  /** Takes no more; resolves when what is worked on is done. */
  stop(): Promise<void>;
}

interface WorkQueueOptions<Key> {
  /** Most keys at once. */
  readonly atOnce: number;
  readonly work: (key: Key) => Promise<void>;
  /** An error of `work` that it did not deal with; the key is not worked on again for it. */
  readonly onError: (error: unknown, key: Key) => void;
}

export function createWorkQueue<Key>({ atOnce, work, onError }: WorkQueueOptions<Key>): WorkQueue<Key> {
  /** In the order in which they came. */
  const waiting = new Set<Key>();
  const working = new Map<Key, Promise<void>>();
  let isStopped = false;

  const workOn = async (key: Key) => {
    try {
      await work(key);
    } catch (error) {
      onError(error, key);
    }
    working.delete(key);
    fill();
  };

  const begin = (key: Key) => {
    waiting.delete(key);
    // Known to be in work before it begins, which may ask for it again.
    working.set(key, Promise.resolve());
    working.set(key, workOn(key));
  };

  const fill = () => {
    if (isStopped) return;
    for (const key of waiting) {
      if (working.size >= atOnce) return;
      // It comes to its turn when it is through.
      if (!working.has(key)) begin(key);
    }
  };

  return {
    add(key) {
      if (isStopped) return;
      waiting.add(key);
      fill();
    },
    size: () => waiting.size + working.size,
    async stop() {
      isStopped = true;
      waiting.clear();
      await Promise.all(working.values());
    },
  };
}
