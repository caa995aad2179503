/** Whose job is next, PURE: the owner with the fewest running jobs, then the one who came first. Nobody starves, nobody overtakes. */

export interface Waiting {
  /** The owner's jobs that run in this environment now. */
  readonly running: number;
  /** The place of the owner's first waiting job in the order of acceptance. */
  readonly accepted: number;
}

export function nextDispatch<T extends Waiting>(owners: readonly T[]): T | undefined {
  return owners.reduce<T | undefined>((best, owner) => (best && !isBefore(owner, best) ? best : owner), undefined);
}

function isBefore(a: Waiting, b: Waiting): boolean {
  return a.running === b.running ? a.accepted < b.accepted : a.running < b.running;
}
