/**
 * Work that takes turns: histories and snapshots are read from the store without waiting, so a thousand that are asked for at once would
 * keep everybody else from their answers. Here each waits for its turn, and after a few milliseconds of them others get theirs.
 */

/** Resolves to what `work` returns, once it has had its turn. */
export type TakeSlice = <T>(work: () => T) => Promise<T>;

interface TimeSlicesOptions {
  /** How long others may be kept waiting. */
  readonly budgetMs: number;
  readonly nowMs: () => number;
}

export function createTimeSlices({ budgetMs, nowMs }: TimeSlicesOptions): TakeSlice {
  let waiting: (() => void)[] = [];
  let isScheduled = false;

  const schedule = () => {
    if (isScheduled) return;
    isScheduled = true;
    setImmediate(run);
  };
  const run = () => {
    isScheduled = false;
    const endMs = nowMs() + budgetMs;
    let done = 0;
    // At least one, whatever the clock says.
    do waiting[done++]?.();
    while (done < waiting.length && nowMs() < endMs);
    waiting = waiting.slice(done);
    if (waiting.length > 0) schedule();
  };

  return (work) =>
    new Promise((resolve, reject) => {
      waiting.push(() => {
        try {
          resolve(work());
        } catch (error) {
          reject(error instanceof Error ? error : new Error(String(error)));
        }
      });
      schedule();
    });
}
