/** When an action may be tried: few of a slow kind at once, and one that failed for a job later and later. */
import type { JobId } from '@capstan/shared/contract/ids';

interface Patience {
  readonly atOnce: number;
  readonly firstDelayMs: number;
  readonly longestDelayMs: number;
}

interface BackoffOptions<Kind extends string> {
  readonly patience: Readonly<Record<Kind, Patience>>;
  /** Its time has come, or a place is free. */
  readonly retry: (jobId: JobId) => void;
}

export interface Backoff<Kind extends string> {
  /** Returns what is to be called when it is through; undefined if it may not be tried now: then `retry` is called when it may. */
  enter(jobId: JobId, kind: Kind): ((outcome: 'done' | 'failed') => void) | undefined;
  /** Only these are to be done for it now: of others, failures are forgotten, and places that were kept for it go to who is next. */
  planned(jobId: JobId, kinds: readonly Kind[]): void;
  /** Whatever kept it from being done is over. */
  forgive(jobId: JobId, kind: Kind): void;
  /** For how many jobs the last try failed. */
  failing(kind: Kind): number;
  stop(): void;
}

interface Failure {
  readonly times: number;
  readonly timer: NodeJS.Timeout;
  isDue: boolean;
}

export function createBackoff<Kind extends string>({ patience, retry }: BackoffOptions<Kind>): Backoff<Kind> {
  const kinds = new Map<Kind, ReturnType<typeof createKind>>();

  const createKind = ({ atOnce, firstDelayMs, longestDelayMs }: Patience) => {
    const failures = new Map<JobId, Failure>();
    /** Without a place so far, in the order in which they came. */
    const parked = new Set<JobId>();
    /** A place is free for them, which they have not taken yet. */
    const called = new Set<JobId>();
    let busy = 0;

    const forget = (jobId: JobId) => {
      clearTimeout(failures.get(jobId)?.timer);
      failures.delete(jobId);
    };
    const failed = (jobId: JobId) => {
      const times = (failures.get(jobId)?.times ?? 0) + 1;
      const delayMs = Math.min(longestDelayMs, firstDelayMs * 2 ** (times - 1));
      forget(jobId);
      const timer = setTimeout(() => {
        failure.isDue = true;
        retry(jobId);
      }, delayMs);
      const failure: Failure = { times, timer, isDue: false };
      failures.set(jobId, failure);
    };
    const unpark = () => {
      const [next] = parked;
      if (next === undefined) return;
      parked.delete(next);
      called.add(next);
      retry(next);
    };
    return {
      failures,
      enter(jobId: JobId) {
        if (failures.get(jobId)?.isDue === false) return undefined;
        if (busy >= atOnce) {
          parked.add(jobId);
          return undefined;
        }
        parked.delete(jobId);
        called.delete(jobId);
        busy += 1;
        return (outcome: 'done' | 'failed') => {
          busy -= 1;
          if (outcome === 'failed') failed(jobId);
          else forget(jobId);
          unpark();
        };
      },
      drop(jobId: JobId) {
        forget(jobId);
        parked.delete(jobId);
        if (called.delete(jobId)) unpark();
      },
      forgive(jobId: JobId) {
        if (!failures.has(jobId)) return;
        forget(jobId);
        retry(jobId);
      },
      stop() {
        for (const { timer } of failures.values()) clearTimeout(timer);
        failures.clear();
        parked.clear();
        called.clear();
      },
    };
  };
  const of = (kind: Kind) => {
    const known = kinds.get(kind) ?? createKind(patience[kind]);
    kinds.set(kind, known);
    return known;
  };
  return {
    enter: (jobId, kind) => of(kind).enter(jobId),
    planned(jobId, planned) {
      for (const [kind, one] of kinds) if (!planned.includes(kind)) one.drop(jobId);
    },
    forgive: (jobId, kind) => of(kind).forgive(jobId),
    failing: (kind) => of(kind).failures.size,
    stop() {
      for (const kind of kinds.values()) kind.stop();
    },
  };
}
