/** Retries with exponential backoff and jitter. */
import pRetry from 'p-retry';
import { CapstanError } from '../contract/errors.ts';

export interface RetryOptions {
  readonly signal: AbortSignal;
  /** How often after the first try; unbounded if absent. */
  readonly retries?: number;
  readonly minDelayMs?: number;
  readonly maxDelayMs?: number;
  readonly onRetry?: (error: Error, attempt: number) => void;
}

/** Runs `work` until it succeeds, the retries are used up, or it fails with an error of ours that is not retryable. */
export function retry<T>(
  work: () => Promise<T>,
  { signal, retries = Number.POSITIVE_INFINITY, minDelayMs = 100, maxDelayMs = 5_000, onRetry }: RetryOptions,
): Promise<T> {
  return pRetry(work, {
    signal,
    retries,
    minTimeout: minDelayMs,
    maxTimeout: maxDelayMs,
    factor: 2,
    randomize: true,
    shouldRetry: ({ error }) => mayPass(error),
    onFailedAttempt: ({ error, attemptNumber, retriesLeft }) => {
      if (retriesLeft > 0 && mayPass(error)) onRetry?.(error, attemptNumber);
    },
  });
}

function mayPass(error: Error): boolean {
  return !(error instanceof CapstanError) || error.retryable;
}
