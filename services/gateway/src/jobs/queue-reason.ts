/** Why a job that has not begun yet waits, in words for its owner. */
import { fits, neededBy, shortOf, type Amounts, type Kind } from '@capstan/shared/amounts';
import type { StatusObject } from '@capstan/shared/contract/api';
import type { StatusRow } from '../store/statuses.ts';
import type { Store } from '../store/store.ts';
import { freeIn } from './reserved.ts';
import type { Runners } from './runners.ts';

/** `position` counts from 1 in the order of acceptance, to 1,001 for all beyond; it is 0 once the job has been sent to the runners. */
export function createQueueReason(
  store: Store,
  runners: Runners,
): (job: StatusRow) => NonNullable<StatusObject['queue']> {
  return (job) => {
    const state = runners.environment(job.environment);
    const position = job.dispatchedAt === null ? store.queue.countAhead(job) + 1 : 0;
    if (!state?.isLive) return { position, reason: 'No runner of this environment is connected at the moment.' };
    if (state.paused !== undefined) return { position, reason: state.paused };
    if (position === 0) return { position, reason: 'Its turn has come; a runner is about to take it.' };
    const free = freeIn(state, store);
    const need = neededBy(store.jobResources.of(job.jobId), state.environment);
    if (!fits(need, free)) return { position, reason: shortage(need, free, state.total) };
    if (position > 1) return { position, reason: 'Jobs that came before it wait for what it needs, too.' };
    return { position, reason: 'It is about to be sent to a runner.' };
  };
}

interface Unit {
  readonly name: string;
  readonly per: number;
}

const UNITS = {
  gpus: { name: 'GPUs', per: 1 },
  milliCpus: { name: 'CPUs', per: 1_000 },
  memoryKB: { name: 'GB of memory', per: 1_000_000 },
  diskKB: { name: 'GB of disk', per: 1_000_000 },
} as const satisfies Readonly<Record<Exclude<Kind, 'places'>, Unit>>;

function shortage(need: Amounts, free: Amounts, total: Amounts): string {
  const short = shortOf(need, free);
  if (short.includes('places')) {
    const places = total.places === 1 ? 'The one place' : `All ${total.places} places`;
    return `${places} of this environment ${total.places === 1 ? 'is' : 'are'} taken.`;
  }
  const wants = short
    .filter((kind) => kind !== 'places')
    .map((kind) => {
      const { name, per } = UNITS[kind];
      return `${need[kind] / per} ${name}, of which ${Math.max(0, free[kind]) / per} of ${total[kind] / per} are free`;
    });
  return `It waits for ${wants.join(', and for ')}.`;
}
