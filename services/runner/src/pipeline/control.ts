/** What the gateway wants of a run that is being worked on. It only ever gets more final: a stop is not taken back. */
import type { Desired } from '@capstan/shared/contract/messages';

export type Want = Desired['want'];

export interface Control {
  want(): Want;
  set(want: Want): void;
  /** Aborts once the run shall not go on. */
  readonly halted: AbortSignal;
  /** Aborts once nothing of the run is wanted any more, not even its results. */
  readonly dropped: AbortSignal;
}

const FINALITY: Readonly<Record<Want, number>> = { run: 0, stopped: 1, deleted: 2, ended: 3 };

export function createControl(): Control {
  const halted = new AbortController();
  const dropped = new AbortController();
  let current: Want = 'run';
  return {
    want: () => current,
    set(want) {
      if (FINALITY[want] <= FINALITY[current]) return;
      current = want;
      halted.abort();
      if (want !== 'stopped') dropped.abort();
    },
    halted: halted.signal,
    dropped: dropped.signal,
  };
}
