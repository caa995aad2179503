/**
 * An operator moves the jobs that no runner has begun with from one environment to another one: for an environment that is gone from the
 * configuration. What was paid names its environment, so a paid job stays: its owner, or an operator, can stop it, and its order stays usable.
 */
import type { Clock } from '@capstan/shared/runtime/clock';
import type { JobId } from '@capstan/shared/contract/ids';
import type { JobSpec } from '@capstan/shared/contract/job';
import { jobEvent, type Environment } from '@capstan/shared/contract/messages';
import { STATUS } from '@capstan/shared/contract/status';
import { CapstanError } from '@capstan/shared/contract/errors';
import type { Log } from '@capstan/shared/runtime/log';
import type { Transaction } from '../store/commit.ts';
import type { Store } from '../store/store.ts';
import { requireServed } from '../scheduling/chains-served.ts';
import { orderedBy } from './ordered.ts';
import { requireWithin } from './resources.ts';
import type { Runners } from '../scheduling/runners.ts';
import { requireEnvironment } from './spec.ts';

export interface Moved {
  readonly moved: number;
  /** The first of those that stay where they are. */
  readonly stayed: readonly { readonly jobId: JobId; readonly reason: string }[];
  readonly stayedCount: number;
}

export interface MoveRequest {
  readonly from: string;
  readonly to: string;
}

interface MoveOptions {
  readonly store: Store;
  readonly runners: Runners;
  readonly clock: Pick<Clock, 'now'>;
  readonly log: Log;
  /** There may be room for them. */
  readonly onMoved: () => void;
}

/** Others want their turn, too. */
const MOST_AT_ONCE = 20;
const MOST_NAMED = 100;
const PAID = 'It was paid for this environment. It can be stopped, and its order stays usable.';
const BEGUN = 'A runner has begun with it. It ends where it is, or is stopped.';
const SENT =
  'It was sent to a runner of this environment, which is there: it begins in a moment. It moves only where the environment is gone.';
const NO_MORE = 'It waits no more.';

interface Candidate {
  readonly jobId: JobId;
  /** Where the next page begins after it. */
  readonly place: number;
  /** Why it can't be moved, as far as that is known already. */
  readonly reason: string | undefined;
}

/** Rejects with REFUSED where the new environment is none, and with VALIDATION where it can take no jobs of another one. */
export function createMove({
  store,
  runners,
  clock,
  log,
  onMoved,
}: MoveOptions): (request: MoveRequest) => Promise<Moved> {
  /** Why it can't be moved; undefined if it was. */
  const moveOne = (jobId: JobId, { from, to }: Way, transaction: Transaction): string | undefined => {
    const text = store.jobs.spec(jobId);
    if (text === undefined) return 'It has no description.';
    const spec = { ...(JSON.parse(text) as JobSpec), environment: to.id };
    const problem = problemOf(spec, to);
    if (problem !== undefined) return problem;
    const job = store.jobs.move({ jobId, from, to: to.id }, JSON.stringify(spec));
    if (!job) return NO_MORE;
    // Its owner sees that it waits elsewhere.
    const told = jobEvent({ jobId, run: job.run, attempt: 0, code: STATUS.warmingUp.code, at: clock.now() });
    const event = { ...told, n: store.events.ownNumber(jobId, job.run) };
    transaction.announce({ cursor: store.events.append(event, job), event, job });
    return undefined;
  };

  const waiting = (from: string, after: number): readonly Candidate[] =>
    store.queue.waitingAfter(from, after, MOST_AT_ONCE).map(({ jobId, accepted, isPaid }) => {
      return { jobId, place: accepted, reason: isPaid ? PAID : undefined };
    });

  /** A start command that lies with a broker, for a runner that is gone, starts nothing by itself: whoever claims the attempt first has it. */
  const sent = (from: string, after: number): readonly Candidate[] => {
    const isThere = runners.isLive(from as Environment['id']);
    return store.queue.sentAfter(from, after, MOST_AT_ONCE).map(({ jobId, run, id, isPaid, hasBegun }) => {
      const isInHand = hasBegun || runners.isAnnounced(jobId, run);
      const reason = isInHand ? BEGUN : isPaid ? PAID : isThere ? SENT : undefined;
      return { jobId, place: id, reason };
    });
  };

  return async ({ from, to: toId }) => {
    const to = requireEnvironment(toId, runners);
    requireTakes(to, from);
    let [moved, stayedCount] = [0, 0];
    const stayed: { jobId: JobId; reason: string }[] = [];
    for (const pageAfter of [sent, waiting]) {
      for (let place: number | undefined = 0; place !== undefined;) {
        const after: number = place;
        const page = await store.write((transaction) =>
          pageAfter(from, after).map(({ jobId, place: its, reason }) => {
            return { jobId, place: its, reason: reason ?? moveOne(jobId, { from, to }, transaction) };
          }),
        );
        for (const { jobId, reason } of page) {
          if (reason === undefined) {
            moved += 1;
            log.info({ jobId, from, to: to.id }, 'an operator moved a job to another environment');
          } else {
            stayedCount += 1;
            if (stayed.length < MOST_NAMED) stayed.push({ jobId, reason });
          }
        }
        place = page.length < MOST_AT_ONCE ? undefined : page.at(-1)?.place;
      }
    }
    if (moved > 0) onMoved();
    return { moved, stayed, stayedCount };
  };
}

interface Way {
  readonly from: string;
  readonly to: Environment;
}

function requireTakes({ id, orders }: Environment, from: string): void {
  if (id === from) throw new CapstanError('VALIDATION', 'The jobs wait for this environment already.');
  if (orders === 'free') return;
  throw new CapstanError(
    'VALIDATION',
    `The environment ${id} is paid for by orders that name it: jobs of another one can't be moved to it.`,
  );
}

/** Nobody may come by a move to what would have been refused. A network stays as the first environment had it. */
function problemOf(spec: JobSpec, to: Environment): string | undefined {
  try {
    if (spec.resources) requireWithin(spec.resources, to);
    requireServed(to, orderedBy({ dataset: {}, algorithm: {} }, spec));
    return undefined;
  } catch (error) {
    if (!(error instanceof CapstanError)) throw error;
    const fields = Object.values(error.facts.fields ?? {});
    return fields.length > 0 ? fields.flat().join(' ') : error.message;
  }
}
