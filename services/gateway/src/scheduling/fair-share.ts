/**
 * Fair share, PURE: whose job is next. The owner with the fewest running jobs, of those the one who was served longest ago, or who came first if none
 * was. Addresses cost nothing, so what nobody paid for takes turns by networks before that: the one with the fewest running jobs, of those
 * the one that has waited longest since it came or was served; so whoever comes with ever new networks waits behind all who were there.
 * If what that job needs is not free, it waits, and what is free of it is kept for it: others may begin before it only with what it does not
 * need. So nobody starves, and nobody who is next is put back by others.
 */
import { fits, withheld, type Amounts } from '@capstan/shared/contract/amounts';

export interface Waiting {
  /** The owner's jobs that run in this environment now. */
  readonly running: number;
  /** When the owner was last given a place here: higher is later, 0 is never. */
  readonly served: number;
  /** The place of the owner's first waiting job in the order of acceptance. */
  readonly accepted: number;
  readonly network: string;
  readonly isPaid: boolean;
  /** The same of the network, where nobody paid; its turns count on in the order of acceptance. */
  readonly networkRunning: number;
  readonly networkServed: number;
}

export interface Room {
  readonly free: Amounts;
  readonly total: Amounts;
}

export function nextByFairShare<T extends Waiting>(
  owners: readonly T[],
  { free, total }: Room,
  needOf: (next: T) => Amounts,
): T | undefined {
  let left = free;
  // Each that waits keeps a place: there are no more rounds than places.
  for (const next of inTurn(owners)) {
    if (left.places <= 0) return undefined;
    const need = needOf(next);
    // What can't ever fit, because the environment has changed, is for a runner to refuse.
    if (fits(need, left) || !fits(need, total)) return next;
    left = withheld(left, need);
  }
  return undefined;
}

function inTurn<T extends Waiting>(owners: readonly T[]): readonly T[] {
  const cameFirst = new Map<string, number>();
  for (const { network, accepted } of owners) {
    cameFirst.set(network, Math.min(accepted, cameFirst.get(network) ?? accepted));
  }
  /** Since when the network waits; all who paid, and those of whom no network is known, are there from the beginning. */
  const since = ({ network, networkServed, isPaid }: T) =>
    isPaid || network === '' ? 0 : Math.max(networkServed, cameFirst.get(network) ?? 0);
  return owners.toSorted(
    (a, b) =>
      a.networkRunning - b.networkRunning ||
      since(a) - since(b) ||
      a.running - b.running ||
      a.served - b.served ||
      a.accepted - b.accepted,
  );
}
