/** Waits for an engine that doesn't answer. Unknown is not dead: nothing is decided about a job until the engine is back. */
import { hasCode, messageOf } from '@capstan/shared/errors';
import type { Log } from '@capstan/shared/log';
import { retry } from '@capstan/shared/retry';

type Settled<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: unknown };

/** Repeats `work`, which must be harmless to repeat, for as long as it throws ENGINE_UNAVAILABLE. */
export async function insist<T>(
  work: () => Promise<T>,
  { signal, log }: { signal: AbortSignal; log: Log },
): Promise<T> {
  const settled = await retry<Settled<T>>(
    async () => {
      try {
        return { ok: true, value: await work() };
      } catch (error) {
        if (hasCode(error, 'ENGINE_UNAVAILABLE')) throw error;
        return { ok: false, error };
      }
    },
    {
      signal,
      maxDelayMs: 2_000,
      onRetry: (error, attempt) => {
        if (attempt === 1) log.warn({ problem: messageOf(error) }, 'the container engine does not answer, trying on');
      },
    },
  );
  if (settled.ok) return settled.value;
  throw settled.error;
}
