/** Time as an argument: wall time for what people read, monotonic time for durations. */
export interface Clock {
  /** Unix milliseconds. May jump. */
  now(): number;
  /** Milliseconds from an arbitrary point. Never jumps. */
  monotonicMs(): number;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonicMs: () => performance.now(),
};
