/** Signals that end with what they are for. */
import { LEFT } from '@capstan/shared/runtime/limited';

/** Aborts when it is left. */
export function untilLeft(): Disposable & { readonly signal: AbortSignal } {
  const controller = new AbortController();
  return { signal: controller.signal, [Symbol.dispose]: () => controller.abort(LEFT) };
}

/** The longest delay that a timer of Node takes. */
const MAX_DELAY_MS = 2 ** 31 - 1;

/** Aborts after a time, however long. */
export function after(delayMs: number): Disposable & { readonly signal: AbortSignal } {
  const controller = new AbortController();
  let left = delayMs;
  let timer: NodeJS.Timeout | undefined;
  const arm = () => {
    if (left <= 0) return controller.abort();
    const next = Math.min(left, MAX_DELAY_MS);
    left -= next;
    timer = setTimeout(arm, next);
  };
  arm();
  return { signal: controller.signal, [Symbol.dispose]: () => clearTimeout(timer) };
}

/** Resolves when it aborts. */
export function aborted(signal: AbortSignal, listening: DisposableStack): Promise<void> {
  return new Promise((resolve) => {
    const tell = () => resolve();
    if (signal.aborted) return tell();
    signal.addEventListener('abort', tell, { once: true });
    listening.defer(() => signal.removeEventListener('abort', tell));
  });
}
