/** A signal that aborts after a time. Node's own takes whole milliseconds only; what settings say may have fractions of them. */
export const deadline = (ms: number): AbortSignal => AbortSignal.timeout(Math.max(0, Math.ceil(ms)));
