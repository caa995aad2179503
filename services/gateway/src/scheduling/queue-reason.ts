/** Why a job that has not begun yet waits, in words for its owner. */
import { fits, neededBy, NOTHING, shortOf, type Amounts, type Kind } from '@capstan/shared/contract/amounts';
import type { StatusObject } from '@capstan/shared/contract/api';
import type { StatusRow } from '../store/status-row.ts';
import type { Room } from '../quotas/room.ts';
import { MAX_AHEAD } from '../store/queue.ts';
import type { Store } from '../store/store.ts';
import { freeIn } from './reservations.ts';
import type { Runners } from './runners.ts';

export type QueueView = (job: StatusRow) => NonNullable<StatusObject['queue']>;

/** What is known of an environment's queue while one or many of its jobs are looked at. */
interface Seen {
  readonly state: ReturnType<Runners['environment']>;
  readonly free: () => Amounts;
  /** How many came before it and still wait. */
  readonly countAhead: (job: StatusRow) => number;
}

interface QueueOptions {
  readonly store: Store;
  readonly runners: Pick<Runners, 'environment'>;
  readonly room: Pick<Room, 'whyNotYet'>;
}

/** `position` counts from 1 in the order of acceptance, to 1,001 for all beyond; it is 0 once the job has been sent to the runners. */
export function createQueueReason({ store, runners, room }: QueueOptions): QueueView {
  return (job) => {
    const state = runners.environment(job.environment);
    return reasonOf(
      job,
      { store, room },
      {
        state,
        free: () => (state ? freeIn(state, store) : NOTHING),
        countAhead: store.queue.countAhead,
      },
    );
  };
}

/** The same for many jobs: what they have in common is looked up once, for each environment, however many there are. */
export function createQueuePass({ store, runners, room }: QueueOptions): () => QueueView {
  const look = (environment: StatusRow['environment']): Seen => {
    const state = runners.environment(environment);
    let free: Amounts | undefined;
    let places: readonly number[] | undefined;
    return {
      state,
      free: () => (free ??= state ? freeIn(state, store) : NOTHING),
      countAhead({ accepted }) {
        places ??= store.queue.firstPlaces(environment);
        return Math.min(MAX_AHEAD, countBelow(places, accepted));
      },
    };
  };
  return () => {
    const seen = new Map<string, Seen>();
    return (job) => {
      let queue = seen.get(job.environment);
      if (!queue) seen.set(job.environment, (queue = look(job.environment)));
      return reasonOf(job, { store, room }, queue);
    };
  };
}

function reasonOf(
  job: StatusRow,
  { store, room }: Omit<QueueOptions, 'runners'>,
  { state, free, countAhead }: Seen,
): ReturnType<QueueView> {
  const position = job.dispatchedAt === null ? countAhead(job) + 1 : 0;
  if (state?.isWithdrawn) return { position, reason: withdrawn(job.environment) };
  if (!state?.isLive) return { position, reason: 'No runner of this environment is connected at the moment.' };
  if (state.paused !== undefined) return { position, reason: state.paused };
  if (position === 0) return { position, reason: 'Its turn has come; a runner is about to take it.' };
  const held = room.whyNotYet(job);
  if (held !== undefined) return { position, reason: held };
  const left = free();
  const need = neededBy(store.jobResources.of(job.jobId), state.environment);
  if (!fits(need, left)) return { position, reason: shortage(need, left, state.total) };
  if (position > 1) return { position, reason: 'Jobs that came before it wait for what it needs, too.' };
  return { position, reason: 'It is about to be sent to a runner.' };
}

/** What was paid names the environment: an operator can move only what was not. */
const withdrawn = (environment: string) =>
  `The environment ${environment} was taken out of the node's configuration. The job waits in case it comes back; stop it, and start it in another one: an order that was paid stays usable. What was not paid the node's operator can move.`;

/** How many of these numbers, in order, are less than one. */
function countBelow(sorted: readonly number[], limit: number): number {
  let [from, to] = [0, sorted.length];
  while (from < to) {
    const middle = (from + to) >> 1;
    if ((sorted[middle] ?? limit) < limit) from = middle + 1;
    else to = middle;
  }
  return from;
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
