/** How many connections may be held open to follow something: by one network, and by all together. */
import { CapstanError } from '@capstan/shared/contract/errors';
import { createNetworkCounts } from './sites.ts';

interface Limits {
  /** What the places are for. */
  readonly what?: string;
  readonly maxFollowers: number;
  readonly maxFollowersPerNetwork: number;
}

/** Takes a place; returns how to leave it. Throws TOO_MANY_REQUESTS where there is none. */
export type TakePlace = (network: string) => () => void;

const RETRY_AFTER_S = 10;

export function createConnectionLimit({
  maxFollowers,
  maxFollowersPerNetwork,
  what = 'connections for live status',
}: Limits): TakePlace {
  const taken = createNetworkCounts();
  let all = 0;

  const leave = (network: string) => {
    taken.add(network, -1);
    all -= 1;
  };

  return (network) => {
    if (taken.isTooMuch(network, 1, maxFollowersPerNetwork)) {
      throw full(`Your network holds as many ${what} open as one may, ${maxFollowersPerNetwork}.`);
    }
    if (all >= maxFollowers) throw full(`This node holds as many ${what} open as it may.`);
    taken.add(network, 1);
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
