/** A map of so many entries, and of so many bytes: beyond them, the one that was not asked for the longest is forgotten. */
export interface Recent<Key, Value> {
  get(key: Key): Value | undefined;
  set(key: Key, value: Value): void;
  delete(key: Key): void;
}

/** Where strangers choose how large an entry is. */
interface Bytes<Value> {
  readonly maxBytes: number;
  /** Roughly; the same for the same value each time. */
  readonly bytesOf: (value: Value) => number;
}

export function createRecent<Key, Value>(most: number, bytes?: Bytes<Value>): Recent<Key, Value> {
  // In the order of their last use: a map keeps the order of insertion.
  const entries = new Map<Key, Value>();
  let sizeBytes = 0;
  const sizeOf = (value: Value) => bytes?.bytesOf(value) ?? 0;
  const isTooMuch = () => entries.size > most || (bytes !== undefined && sizeBytes > bytes.maxBytes);
  const drop = (key: Key) => {
    const value = entries.get(key);
    if (value === undefined) return;
    entries.delete(key);
    sizeBytes -= sizeOf(value);
  };
  const put = (key: Key, value: Value) => {
    drop(key);
    entries.set(key, value);
    sizeBytes += sizeOf(value);
  };
  return {
    get(key) {
      const value = entries.get(key);
      if (value !== undefined) put(key, value);
      return value;
    },
    set(key, value) {
      put(key, value);
      for (const oldest of entries.keys()) {
        if (!isTooMuch()) return;
        drop(oldest);
      }
    },
    delete: drop,
  };
}
