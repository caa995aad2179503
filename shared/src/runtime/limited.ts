/** A limit of time that ends with what it is for. `AbortSignal.timeout` cannot be taken back: its timer, and all that listens, stay until then. */

export interface Limited extends Disposable {
  readonly signal: AbortSignal;
  /** Whether the time is over: then that is why the signal has aborted, unless the caller's did before. */
  readonly isOver: () => boolean;
}

/** The longest delay that a timer of Node takes. */
const MAX_DELAY_MS = 2 ** 31 - 1;

/** Aborts with the caller's signal, with its reason, and after `ms`, with a TimeoutError. To be left (`using`) when the work is done. */
export function limited(ms: number, caller?: AbortSignal): Limited {
  const controller = new AbortController();
  let isOver = false;
  const follow = () => controller.abort(caller?.reason);
  const expire = () => {
    isOver = true;
    controller.abort(new DOMException('The operation was aborted due to timeout', 'TimeoutError'));
  };
  const timer = setTimeout(expire, Math.min(MAX_DELAY_MS, Math.max(0, Math.ceil(ms))));
  if (caller?.aborted) follow();
  else caller?.addEventListener('abort', follow, { once: true });
  return {
    signal: controller.signal,
    isOver: () => isOver,
    [Symbol.dispose]() {
      clearTimeout(timer);
      caller?.removeEventListener('abort', follow);
    },
  };
}

/** Why work ends that nobody waits for any more. One for all: each error that is made takes down a stack, and jobs have dozens of these. */
export const LEFT = new Error('nobody waits for it any more');
