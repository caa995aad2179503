/** Tells how far the phases of jobs are, at a bounded rate: at once, then once in a while, and always the last word. */
import type { Clock } from '@capstan/shared/runtime/clock';
import type { Progress, ProgressPhase } from '@capstan/shared/contract/progress';
import type { AttemptIdentity } from '../docker/names.ts';

export interface Meter {
  /** Bytes that came on top of those before. */
  add(bytes: number): void;
  /** Where it stands, for sources that say so themselves. `totalBytes` undefined: nobody knows. */
  set(doneBytes: number, totalBytes: number | undefined): void;
  /** Bytes that are known to come on top of those known before. */
  expect(bytes: number): void;
  /** Tells where it stands, if that was not told yet, and falls silent. */
  end(): void;
}

/** Opens the meter of a phase of an attempt. */
export type OpenMeter = (phase: ProgressPhase) => Meter;

interface MeterOptions {
  readonly identity: Pick<AttemptIdentity, 'jobId' | 'run' | 'attempt'>;
  readonly clock: Clock;
  readonly tell: (progress: Progress) => void;
}

/** What a bar on a screen needs, and a broker does not feel. */
const INTERVAL_MS = 250;

export function createMeters({ identity: { jobId, run, attempt }, clock, tell }: MeterOptions): OpenMeter {
  return (phase) => {
    let doneBytes = 0;
    let totalBytes: number | undefined;
    let timer: NodeJS.Timeout | undefined;
    let isUntold = false;

    const say = () => {
      isUntold = false;
      tell({ v: 1, jobId, run, attempt, phase, doneBytes, totalBytes: totalBytes ?? null, at: clock.now() });
    };
    const changed = () => {
      isUntold = true;
      if (timer) return;
      say();
      timer = setInterval(() => {
        if (isUntold) return say();
        clearInterval(timer);
        timer = undefined;
      }, INTERVAL_MS).unref();
    };

    return {
      add(bytes) {
        doneBytes += bytes;
        changed();
      },
      set(done, total) {
        doneBytes = done;
        totalBytes = total;
        changed();
      },
      expect(bytes) {
        totalBytes = (totalBytes ?? 0) + bytes;
      },
      end() {
        clearInterval(timer);
        timer = undefined;
        if (isUntold) say();
      },
    };
  };
}
