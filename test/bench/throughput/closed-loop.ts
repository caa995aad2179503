/** As many workers as places, each of which begins the next job when its last one has ended. */
export interface Loop {
  readonly jobs: number;
  readonly places: number;
}

export interface Looped {
  readonly perSecond: number;
  /** What each job took, in the order in which they began. */
  readonly jobMs: readonly number[];
}

export async function closedLoop({ jobs, places }: Loop, once: (index: number) => Promise<unknown>): Promise<Looped> {
  const jobMs: number[] = [];
  let next = 0;
  const work = async () => {
    while (next < jobs) {
      const index = next++;
      const before = performance.now();
      await once(index);
      jobMs[index] = performance.now() - before;
    }
  };
  const before = performance.now();
  await Promise.all(Array.from({ length: places }, work));
  return { perSecond: (jobs * 1_000) / (performance.now() - before), jobMs };
}
