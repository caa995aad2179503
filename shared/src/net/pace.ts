/**
 * How fast connections may be begun, PURE. The machine remembers each for two minutes after its end, in a table of all its connections: who
 * begins thousands a second fills it, and then nobody on the machine connects to anything. It also runs in the container that connects for a job.
 */

export interface Pace {
  /** Lasting, a second. */
  readonly perSecond: number;
  /** At once, by who has begun none for a while. */
  readonly burst: number;
}

/** Takes a turn at `nowMs`; returns in how many milliseconds it comes. Nobody is refused: whoever asks too often waits the longer. */
export function createPace({ perSecond, burst }: Pace): (nowMs: number) => number {
  const everyMs = 1_000 / perSecond;
  /** When all turns that were taken so far have been paid for. */
  let paidAtMs = 0;
  return (nowMs) => {
    paidAtMs = Math.max(paidAtMs, nowMs) + everyMs;
    return Math.max(0, paidAtMs - burst * everyMs - nowMs);
  };
}
