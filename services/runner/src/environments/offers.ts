/** What each environment of a runner gives, on the machine that its engine has, PURE. */
import type { Config } from '@capstan/shared/config/schema';
import type { FilterConfig } from '@capstan/shared/config/filter';
import type { EnvironmentId } from '@capstan/shared/contract/ids';
import type { Offer } from './capacity.ts';
import { announcedEnvironment, limitsOf, type JobLimits, type Machine } from './limits.ts';

export interface Offers {
  readonly all: readonly Offer[];
  /** Of one that is not configured any more: those of another one. A run that was begun in it ends under them. */
  limitsOf(environment: EnvironmentId): JobLimits;
  filterOf(environment: EnvironmentId): FilterConfig | undefined;
}

interface Given {
  readonly machine: Machine;
  readonly holdsVolumeSizes: boolean;
}

export function offersOf(
  { environments, jobUid, jobUids }: Pick<Config['runner'], 'environments' | 'jobUid' | 'jobUids'>,
  { machine, holdsVolumeSizes }: Given,
): Offers {
  const totalJobs = environments.reduce((sum, { maxJobs }) => sum + maxJobs, 0);
  const all = environments.map((one) => {
    const limits = limitsOf(one, { machine, totalJobs, jobUid, jobUids, holdsVolumeSizes });
    return { limits, gpus: one.gpus, environment: announcedEnvironment(one, machine, limits) };
  });
  const [fallback] = all;
  return {
    all,
    limitsOf(environment) {
      const found = all.find((offer) => offer.environment.id === environment) ?? fallback;
      if (!found) throw new RangeError('a runner has at least one environment');
      return found.limits;
    },
    filterOf: (environment) => environments.find(({ id }) => id === environment)?.filter,
  };
}
