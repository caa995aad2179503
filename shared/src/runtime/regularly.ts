/** Work that is periodic by nature, because nothing tells when there is some: at the start, then every so often, never two at a time. */
import type { Service } from './service.ts';
import { createWake } from './wake.ts';

interface RegularWork {
  readonly name: string;
  readonly everyMs: number;
  /** Whether the start sets it off as well. */
  readonly isAtStart: boolean;
  /** `signal` aborts when the service stops. */
  readonly work: (signal: AbortSignal) => Promise<void>;
  /** Not told of what fails because it was stopped. */
  readonly onError: (error: unknown) => void;
}

export function createRegular({ name, everyMs, isAtStart, work, onError }: RegularWork): Service {
  const stopping = new AbortController();
  const { signal } = stopping;
  let timer: NodeJS.Timeout | undefined;
  const wake = createWake(
    () => work(signal),
    (error) => {
      if (!signal.aborted) onError(error);
    },
  );
  return {
    name,
    start() {
      timer = setInterval(() => wake.wake(), everyMs);
      if (isAtStart) wake.wake();
      return Promise.resolve();
    },
    async stop() {
      clearInterval(timer);
      stopping.abort();
      await wake.idle();
    },
  };
}
