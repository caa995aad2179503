/**
 * Upkeep: what must be done sometime, and must keep nobody waiting. It works in slices of a few milliseconds, as large as they may be, and
 * leaves the loop to others between them for many times as long.
 */
import { setTimeout as delay } from 'node:timers/promises';

/** Longest that one slice may hold the loop. */
const SLICE_MS = 5;
/** Pauses take so many times what the slice took: under a tenth of the loop, also where its commit takes as long again. */
const PAUSE_TIMES = 18;
const FIRST_BATCH = 50;
const LARGEST_BATCH = 1_000;

export interface UpkeepReport {
  readonly name: string;
  readonly isRunning: boolean;
  /** Since the start of the process. */
  readonly done: number;
  readonly slices: number;
  readonly longestSliceMs: number;
  /** Unix milliseconds; null if it never ended. */
  readonly lastEndedAt: number | null;
}

export interface Work {
  readonly name: string;
  /** Does up to so many, without waiting; returns how many there were. Fewer than asked: there are no more. */
  readonly step: (most: number) => number;
  /** Around each slice: a transaction. */
  readonly around: (slice: () => number) => Promise<number>;
  readonly signal: AbortSignal;
}

export interface Apart {
  readonly done: number;
  /** How long others had to wait for it, without holding the loop. */
  readonly othersWaitedMs: number;
}

export interface Pace extends Disposable {
  /** After each piece: gives the loop to others, if it is their turn. */
  rest(): Promise<void>;
}

export interface Upkeep {
  /** All there is to do. Resolves to how many were done; stops early when the signal aborts. */
  drain(work: Work): Promise<number>;
  /** One piece that can't be divided; it is timed, and the pause after it is as long as it must be. */
  piece<T>(name: string, signal: AbortSignal, work: () => Promise<T>): Promise<T>;
  /** Many pieces that each wait for a disk, or for somebody else: what they take of the loop is watched between them. */
  paced(name: string, signal: AbortSignal): Pace;
  /** One piece that another thread does: it takes nothing of the loop. */
  apart(name: string, work: () => Promise<Apart>): Promise<void>;
  report(): readonly UpkeepReport[];
}

interface UpkeepOptions {
  readonly clock: { now(): number; monotonicMs(): number };
  readonly pause?: (ms: number, signal: AbortSignal) => Promise<void>;
  /** How long the loop has been busy in all, with whatever. */
  readonly busyMs?: () => number;
}

export function createUpkeep({ clock, pause = rest, busyMs = busyWithAnything }: UpkeepOptions): Upkeep {
  const reports = new Map<string, UpkeepReport>();
  const note = (name: string, change: (before: UpkeepReport) => Partial<UpkeepReport>) => {
    const fresh = { name, isRunning: false, done: 0, slices: 0, longestSliceMs: 0, lastEndedAt: null };
    const before = reports.get(name) ?? fresh;
    reports.set(name, { ...before, ...change(before) });
  };
  const noteSlice = (name: string, done: number, tookMs: number) =>
    note(name, (before) => ({
      isRunning: true,
      done: before.done + done,
      slices: before.slices + 1,
      longestSliceMs: Math.max(before.longestSliceMs, tookMs),
    }));
  const ended = (name: string) => note(name, () => ({ isRunning: false, lastEndedAt: clock.now() }));

  return {
    async drain({ name, step, around, signal }) {
      let all = 0;
      let most = FIRST_BATCH;
      try {
        while (!signal.aborted) {
          let tookMs = 0;
          const asked = most;
          const done = await around(() => {
            const startMs = clock.monotonicMs();
            const count = step(asked);
            tookMs = clock.monotonicMs() - startMs;
            return count;
          });
          all += done;
          if (done > 0) noteSlice(name, done, tookMs);
          if (done < asked) break;
          most = nextBatch(asked, tookMs);
          await pause(tookMs * PAUSE_TIMES, signal);
        }
        return all;
      } finally {
        ended(name);
      }
    },
    async piece(name, signal, work) {
      const startMs = clock.monotonicMs();
      const value = await work();
      const tookMs = clock.monotonicMs() - startMs;
      noteSlice(name, 1, tookMs);
      await pause(tookMs * PAUSE_TIMES, signal);
      ended(name);
      return value;
    },
    paced(name, signal) {
      let since = busyMs();
      note(name, () => ({ isRunning: true }));
      return {
        async rest() {
          const tookMs = busyMs() - since;
          if (tookMs < SLICE_MS) return note(name, ({ done }) => ({ done: done + 1 }));
          noteSlice(name, 1, tookMs);
          await pause(tookMs * PAUSE_TIMES, signal);
          since = busyMs();
        },
        [Symbol.dispose]: () => ended(name),
      };
    },
    async apart(name, work) {
      note(name, () => ({ isRunning: true }));
      try {
        const { done, othersWaitedMs } = await work();
        noteSlice(name, done, othersWaitedMs);
        note(name, () => ({ lastEndedAt: clock.now() }));
      } finally {
        note(name, () => ({ isRunning: false }));
      }
    },
    report: () => [...reports.values()],
  };
}

/** As many as fit into a slice, by what the last one took. */
function nextBatch(last: number, tookMs: number): number {
  if (tookMs > SLICE_MS) return Math.max(1, Math.floor((last * SLICE_MS) / tookMs / 2));
  return tookMs < SLICE_MS / 3 ? Math.min(LARGEST_BATCH, last * 2) : last;
}

const busyWithAnything = () => performance.eventLoopUtilization().active;

/** Others have their turn even if nothing was measured. Ends early when the signal aborts. */
const rest = (ms: number, signal: AbortSignal): Promise<void> =>
  delay(Math.max(1, ms), undefined, { signal }).catch(() => undefined);
