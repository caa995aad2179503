/** What the gateway wants of a run that is being worked on. It only ever gets more final: a stop is not taken back. */
import type { Desired } from '@capstan/shared/contract/messages';

/** `lapsed` comes from the runner itself: what it has started may be somebody else's by now. */
export type Want = Desired['want'] | 'lapsed';

export interface Control {
  want(): Want;
  /** Whether that is news: the same is said again with every sweep. */
  set(want: Want): boolean;
  /** Aborts once the run shall not go on. */
  readonly halted: AbortSignal;
  /** Aborts once nothing of the run is wanted any more, not even its results. */
  readonly dropped: AbortSignal;
}

const FINALITY: Readonly<Record<Want, number>> = { run: 0, stopped: 1, lapsed: 2, deleted: 3, ended: 4 };

export function createControl(): Control {
  const halted = new AbortController();
  const dropped = new AbortController();
  let current: Want = 'run';
  return {
    want: () => current,
    set(want) {
      if (FINALITY[want] <= FINALITY[current]) return false;
      current = want;
      halted.abort();
      if (want !== 'stopped') dropped.abort();
      return true;
    },
    halted: halted.signal,
    dropped: dropped.signal,
  };
}
