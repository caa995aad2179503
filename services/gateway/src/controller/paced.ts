/** What anybody can set off, and costs something: at once the first time, then no more often than so, and never not at all. */
export interface Paced {
  /** Returns whether the work was done at once; otherwise it will be, once for all that asked meanwhile. */
  ask(): boolean;
  stop(): void;
}

export function createPaced(work: () => void, everyMs: number): Paced {
  let timer: NodeJS.Timeout | undefined;
  let isAsked = false;
  const workAndRest = () => {
    isAsked = false;
    work();
    timer = setTimeout(() => {
      timer = undefined;
      if (isAsked) workAndRest();
    }, everyMs);
  };
  return {
    ask() {
      isAsked = timer !== undefined;
      if (!isAsked) workAndRest();
      return !isAsked;
    },
    stop: () => clearTimeout(timer),
  };
}
