/** Room in environments, PURE. A run that was adopted after a restart takes a place like any other, before its command comes too. */
import type { EnvironmentConfig } from '@capstan/shared/config/schema';
import type { EnvironmentId } from '@capstan/shared/contract/ids';

export interface Occupant {
  readonly environment: EnvironmentId;
  /** Working, or holding its command until there is room. */
  readonly state: 'working' | 'holding';
  readonly hasCommand: boolean;
}

type Limit = Pick<EnvironmentConfig, 'id' | 'maxJobs'>;

/** Whether another run may begin. */
export function hasRoom({ id, maxJobs }: Limit, occupants: Iterable<Occupant>): boolean {
  return count(occupants, ({ environment, state }) => environment === id && state === 'working') < maxJobs;
}

/**
 * Whether another command may be asked for. Adopted runs don't count until their own command has come: if they did, a full
 * runner would never ask for it.
 */
export function mayAsk({ id, maxJobs }: Limit, occupants: Iterable<Occupant>): boolean {
  return count(occupants, ({ environment, hasCommand }) => environment === id && hasCommand) < maxJobs;
}

function count(occupants: Iterable<Occupant>, matches: (occupant: Occupant) => boolean): number {
  let matching = 0;
  for (const occupant of occupants) if (matches(occupant)) matching += 1;
  return matching;
}
