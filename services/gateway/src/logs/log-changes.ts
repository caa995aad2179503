/** That there may be more of a job's log: its runner says so, the job moves on, or NATS is back. */
import type { Bus } from '@capstan/shared/bus/connect';
import { listen } from '@capstan/shared/bus/publish';
import { loggedSubject } from '@capstan/shared/bus/subjects';
import type { JobId } from '@capstan/shared/contract/ids';
import type { Store } from '../store/store.ts';

export interface LogChanges extends Disposable {
  /** Resolves at once if something has happened since it was last called, otherwise when it does, and when the signal aborts. */
  next(): Promise<void>;
}

/** What the runner says is lost with the broker, and nobody says it again: to be asked without a word from it, once in a while. */
const ASK_ANYWAY_MS = 2_000;

export function watchLog(jobId: JobId, { bus, store }: { bus: Bus; store: Store }, signal: AbortSignal): LogChanges {
  const over = new AbortController();
  let hasChanged = false;
  let wake: (() => void) | undefined;
  const change = () => {
    hasChanged = true;
    wake?.();
  };
  listen(bus, { subject: loggedSubject(jobId), handle: change, signal: over.signal });
  const forgets = [
    bus.onConnected(change),
    store.onCommitted((events) => {
      if (events.some(({ event }) => event.jobId === jobId)) change();
    }),
  ];
  const asking = setInterval(change, ASK_ANYWAY_MS);
  signal.addEventListener('abort', change, { once: true });

  return {
    async next() {
      if (!hasChanged && !signal.aborted) await new Promise<void>((resolve) => (wake = resolve));
      hasChanged = false;
      wake = undefined;
    },
    [Symbol.dispose]() {
      over.abort();
      clearInterval(asking);
      signal.removeEventListener('abort', change);
      for (const forget of forgets) forget();
    },
  };
}
