/** How many connections may be held open to follow something: by one network, and by all together. */
import { CapstanError } from '@capstan/shared/errors';

interface Limits {
  /** What the places are for. */
  readonly what?: string;
  readonly maxFollowers: number;
  readonly maxFollowersPerNetwork: number;
}

/** Takes a place; returns how to leave it. Throws TOO_MANY_REQUESTS where there is none. */
export type TakePlace = (network: string) => () => void;

const RETRY_AFTER_S = 10;

export function createPlaces({
  maxFollowers,
  maxFollowersPerNetwork,
  what = 'connections for live status',
}: Limits): TakePlace {
  const taken = new Map<string, number>();
  let all = 0;

  const leave = (network: string) => {
    const left = (taken.get(network) ?? 1) - 1;
    if (left === 0) taken.delete(network);
    else taken.set(network, left);
    all -= 1;
  };

  return (network) => {
    const theirs = taken.get(network) ?? 0;
    if (theirs >= maxFollowersPerNetwork) throw full(`Your network holds ${theirs} ${what} open already.`);
    if (all >= maxFollowers) throw full(`This node holds as many ${what} open as it may.`);
    taken.set(network, theirs + 1);
    all += 1;
    let isTaken = true;
    return () => {
      if (isTaken) leave(network);
      isTaken = false;
    };
  };
}

function full(what: string): CapstanError {
  return new CapstanError('TOO_MANY_REQUESTS', `${what} Close one, or try again later.`, {
    headers: { 'Retry-After': String(RETRY_AFTER_S) },
  });
}
