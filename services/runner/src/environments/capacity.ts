/** The ledger of a runner, PURE: who has what of its environments. A run that was adopted after a restart has its part like any other. */
import { fits, minus, NOTHING, plus, totalOf, withheld, type Amounts } from '@capstan/shared/contract/amounts';
import type { EnvironmentId } from '@capstan/shared/contract/ids';
import type { Environment } from '@capstan/shared/contract/messages';

export interface Offer {
  readonly environment: Environment;
  /** By index or UUID. Two environments may offer the same ones. */
  readonly gpus: readonly string[];
}

export interface Occupant {
  readonly environment: EnvironmentId;
  /** Working, or holding its command until there is room. */
  readonly state: 'working' | 'holding';
  readonly hasCommand: boolean;
  readonly need: Amounts;
  /** Leased to it. */
  readonly gpus: readonly string[];
}

/**
 * Those who hold a command and may begin, in their order. One that has to wait keeps what there is of what it needs: who comes later may
 * use only what it does not need, so nobody is overtaken for ever.
 */
export function whatFits<T extends Occupant>(offer: Offer, occupants: readonly T[]): readonly T[] {
  const here = occupants.filter(({ environment }) => environment === offer.environment.id);
  const taken = here.filter(isWorking).reduce((sum, { need }) => plus(sum, need), NOTHING);
  const left = minus(totalOf(offer.environment), taken);
  let free: Amounts = { ...left, gpus: Math.min(left.gpus, freeGpus(offer, occupants).length) };
  return here
    .filter(({ state }) => state === 'holding')
    .filter(({ need }) => {
      const mayBegin = fits(need, free);
      free = mayBegin ? minus(free, need) : withheld(free, need);
      return mayBegin;
    });
}

/** GPUs that nobody has, in any environment. */
export function freeGpus({ gpus }: Pick<Offer, 'gpus'>, occupants: readonly Occupant[]): readonly string[] {
  const leased = new Set(occupants.filter(isWorking).flatMap((occupant) => occupant.gpus));
  return gpus.filter((gpu) => !leased.has(gpu));
}

/**
 * Whether another command may be asked for. Adopted runs don't count until their own command has come: if they did, a full
 * runner would never ask for it.
 */
export function mayAsk({ environment: { id, maxJobs } }: Offer, occupants: readonly Occupant[]): boolean {
  return occupants.filter(({ environment, hasCommand }) => environment === id && hasCommand).length < maxJobs;
}

const isWorking = ({ state }: Occupant) => state === 'working';
