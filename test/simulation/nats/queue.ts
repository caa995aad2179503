/** What comes one by one to one reader, as the NATS client hands things out. */
export interface Queue<T> {
  push(item: T): void;
  /** No more will come; with an error, if that is why. */
  stop(error?: Error): void;
  values(): AsyncGenerator<T>;
}

export function createQueue<T>(): Queue<T> {
  const items: T[] = [];
  let wake: (() => void) | undefined;
  let end: { readonly error: Error | undefined } | undefined;
  const changed = () => {
    wake?.();
    wake = undefined;
  };
  return {
    push(item) {
      if (!end) items.push(item);
      changed();
    },
    stop(error) {
      end ??= { error };
      changed();
    },
    async *values() {
      for (;;) {
        const item = items.shift();
        if (item !== undefined) yield item;
        else if (end?.error) throw end.error;
        else if (end) return;
        else await new Promise<void>((resolve) => (wake = resolve));
      }
    },
  };
}
