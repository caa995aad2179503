/** Runs work when woken: one at a time, and once more if it was woken meanwhile, so that no wake-up is lost and none piles up. */
export interface Wake {
  wake(): void;
  /** Resolves when nothing runs and nothing is asked for. */
  idle(): Promise<void>;
}

/** `work` handles its own errors; one that escapes goes to `onError` and the next wake-up works again. */
export function createWake(work: () => Promise<void>, onError: (error: unknown) => void): Wake {
  let isAsked = false;
  let running: Promise<void> | undefined;

  const runWhileAsked = async () => {
    while (isAsked) {
      isAsked = false;
      try {
        await work();
      } catch (error) {
        onError(error);
      }
    }
    running = undefined;
  };

  return {
    wake() {
      isAsked = true;
      running ??= runWhileAsked();
    },
    async idle() {
      await running;
    },
  };
}
