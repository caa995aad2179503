/** Reservations: what an environment has left, by the store: all that its live runners have, without what the jobs sent to them take. */
import { minus, neededBy, NOTHING, plus, type Amounts } from '@capstan/shared/contract/amounts';
import type { Store } from '../store/store.ts';
import type { EnvironmentState } from './runners.ts';

/** May be negative, when a runner has gone or its environment has become smaller. */
export function freeIn(
  { environment, total }: Pick<EnvironmentState, 'environment' | 'total'>,
  store: Pick<Store, 'jobResources'>,
): Amounts {
  const taken = store.jobResources.ofSent(environment.id).map((resources) => neededBy(resources, environment));
  return minus(total, taken.reduce(plus, NOTHING));
}
