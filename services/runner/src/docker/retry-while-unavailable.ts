/** Work that is worth repeating. An engine that doesn't answer is unknown, not dead: nothing is decided about a job until it is back. */
import { hasCode, messageOf, type ErrorCode } from '@capstan/shared/contract/errors';
import type { Log } from '@capstan/shared/runtime/log';
import { retry } from '@capstan/shared/runtime/retry';

export interface Patience {
  readonly log: Log;
  readonly signal: AbortSignal;
}

type Settled<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: unknown };

/** Repeats `work`, which must be harmless to repeat, for as long as the engine does not answer. */
export function retryWhileUnavailable<T>(work: () => Promise<T>, { log, signal }: Patience): Promise<T> {
  return retryOnCode(work, 'ENGINE_UNAVAILABLE', {
    signal,
    onRetry: (error, attempt) => {
      if (attempt === 1) log.warn({ problem: messageOf(error) }, 'the container engine does not answer, trying on');
    },
  });
}

const REFUSALS = 3;
const REFUSED_DELAY_MS = 500;

/**
 * Takes no for an answer only after several: an engine that is shutting down refuses with the same words as one that means it. With
 * `code` it refused; not answering at all is waited for as always.
 */
export function retryWhileRefused<T>(code: ErrorCode, work: () => Promise<T>, { log, signal }: Patience): Promise<T> {
  return retryOnCode(() => retryWhileUnavailable(work, { log, signal }), code, {
    signal,
    retries: REFUSALS,
    minDelayMs: REFUSED_DELAY_MS,
    onRetry: (error) => log.info({ problem: messageOf(error) }, 'the container engine refused, asking again'),
  });
}

interface CodeRetry {
  readonly signal: AbortSignal;
  /** Without end if absent. */
  readonly retries?: number;
  readonly minDelayMs?: number;
  readonly maxDelayMs?: number;
  readonly onRetry?: (error: Error, attempt: number) => void;
}

/** Repeats `work` while it fails with this code; any other error ends it. */
export async function retryOnCode<T>(work: () => Promise<T>, code: ErrorCode, options: CodeRetry): Promise<T> {
  let last: unknown;
  const settled = await retry<Settled<T>>(
    async () => {
      try {
        return { ok: true, value: await work() };
      } catch (error) {
        if (!hasCode(error, code)) return { ok: false, error };
        last = error;
        // An error without a code of ours, which `retry` takes for one that may pass.
        throw new Error(error.message, { cause: error });
      }
    },
    { maxDelayMs: 2_000, ...options },
  ).catch((error: unknown): Settled<T> => {
    options.signal.throwIfAborted();
    return { ok: false, error: last ?? error };
  });
  if (settled.ok) return settled.value;
  throw settled.error;
}
