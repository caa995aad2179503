/** What has arrived and nobody has taken yet, for one reader. Whoever fills it watches its size: a socket can't be told to wait. */

export interface Inbox<T> {
  readonly size: () => number;
  put(item: T): void;
  /** Nothing more comes. What is there is still taken; then the reader ends, or fails with the error. */
  end(error?: Error): void;
  /** The next item, once there is one; undefined after the end. */
  take(): Promise<T | undefined>;
}

export function createInbox<T>(): Inbox<T> {
  const items: T[] = [];
  let end: { readonly error?: Error } | undefined;
  let reader: { resolve(item: T | undefined): void; reject(error: Error): void } | undefined;

  const settle = () => {
    if (!reader) return;
    const { resolve, reject } = reader;
    const item = items.shift();
    if (item === undefined && !end) return;
    reader = undefined;
    if (item === undefined && end?.error) reject(end.error);
    else resolve(item);
  };

  return {
    size: () => items.length,
    put(item) {
      if (end) return;
      items.push(item);
      settle();
    },
    end(error) {
      end ??= error === undefined ? {} : { error };
      settle();
    },
    take: () =>
      new Promise((resolve, reject) => {
        reader = { resolve, reject };
        settle();
      }),
  };
}
