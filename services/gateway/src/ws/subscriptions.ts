/** The subscriptions of one socket, by the names that its client gave them, whatever they are of. */

export interface Subscriptions {
  /** Begins one; one of the same name ends. `run` goes on until its signal is aborted. */
  open(name: string, run: (signal: AbortSignal) => Promise<void>): void;
  /** Harmless if there is none. */
  close(name: string): void;
  closeAll(): void;
  has(name: string): boolean;
  count(): number;
}

export function createSubscriptions(onFailed: (error: unknown) => void): Subscriptions {
  const open = new Map<string, AbortController>();

  const close = (name: string) => {
    open.get(name)?.abort();
    open.delete(name);
  };

  return {
    open(name, run) {
      close(name);
      const ending = new AbortController();
      open.set(name, ending);
      run(ending.signal).catch(onFailed);
    },
    close,
    closeAll() {
      for (const name of open.keys()) close(name);
    },
    has: (name) => open.has(name),
    count: () => open.size,
  };
}
