/** What each action of a plan does. An action without an executor does not compile. All of them may be repeated. */
import type { Bus } from '@capstan/shared/bus/connect';
import { putDesired } from '@capstan/shared/bus/desired';
import type { JobId } from '@capstan/shared/contract/ids';
import { isEnding } from '@capstan/shared/contract/status';
import type { Clock } from '@capstan/shared/runtime/clock';
import type { Log } from '@capstan/shared/runtime/log';
import { takeTurn } from '../scheduling/turns.ts';
import type { Store } from '../store/store.ts';
import { endIfWaiting } from './end-waiting.ts';
import type { FinishDeletion } from './finish-deletion.ts';
import type { LeftElsewhere } from './left-elsewhere.ts';
import type { Observe } from './observe.ts';
import type { Action } from './plan.ts';
import type { Sending, SendStart } from './send-start.ts';

export type Executors = {
  readonly [Kind in Action['do']]: (jobId: JobId, action: Extract<Action, { do: Kind }>) => Promise<void>;
};

interface Patience {
  /** So many at the same time at the most: what is slow holds up nothing else. */
  readonly atOnce: number;
  /** After a failure, the next try comes so much later, then twice as much, … */
  readonly firstDelayMs: number;
  readonly longestDelayMs: number;
  /** What to say of a failure. */
  readonly problem: string;
}

export const PATIENCE: Readonly<Record<Action['do'], Patience>> = {
  send: { atOnce: 16, firstDelayMs: 100, longestDelayMs: 2_000, problem: 'the start command has to wait' },
  end: { atOnce: 16, firstDelayMs: 500, longestDelayMs: 15_000, problem: 'the end of a job has to wait' },
  tell: {
    atOnce: 16,
    firstDelayMs: 500,
    longestDelayMs: 15_000,
    problem: 'what the runners are to hear of a job has to wait',
  },
  // The store of results may be away for long, and each try may take long.
  delete: { atOnce: 4, firstDelayMs: 15_000, longestDelayMs: 600_000, problem: 'a deletion has to wait' },
};

/** A sending that NATS has not taken yet. */
export interface Pending extends Sending {
  readonly takenAtMs: number;
}

/** NATS drops a repetition for two minutes, so within them the same sending may be tried on; later it is another one. */
const SAME_SENDING_MS = 60_000;

interface ActOptions {
  readonly bus: Bus;
  readonly store: Store;
  readonly leftElsewhere: LeftElsewhere;
  readonly observe: Observe;
  readonly sendStart: SendStart;
  /** Commands that were given a place, and that NATS has not taken yet. */
  readonly sendings: Map<JobId, Pending>;
  readonly finishDeletion: FinishDeletion;
  readonly clock: Clock;
  readonly log: Log;
}

export function createExecutors(options: ActOptions): Executors {
  const { bus, store, leftElsewhere, observe, sendStart, sendings, finishDeletion, clock, log } = options;
  return {
    async send(jobId) {
      const known = sendings.get(jobId);
      const isSame = known && clock.monotonicMs() - known.takenAtMs < SAME_SENDING_MS;
      const sending = isSame ? known : await sendAgain(jobId);
      if (!sending) return;
      sendings.set(jobId, sending);
      await sendStart(sending);
      observe.noteSent(jobId, sending.run);
      if (sendings.get(jobId) === sending) sendings.delete(jobId);
    },
    async tell(jobId, { run, want }) {
      await putDesired(bus, jobId, { run, want });
      observe.noteSaid(jobId, { run, want });
    },
    async end(jobId) {
      await store.write((transaction) => {
        const job = store.jobs.find(jobId);
        if (job) endIfWaiting(store, transaction, { job, at: clock.now(), leftElsewhere });
      });
    },
    async delete(jobId) {
      const job = store.jobs.find(jobId);
      if (job && isEnding(job.code) && job.want === 'deleted') await finishDeletion(job);
    },
  };

  /** Another sending, or JetStream would drop it as a repetition. */
  async function sendAgain(jobId: JobId): Promise<Pending | undefined> {
    const sent = await store.write(() => {
      // It may wait in a queue again, where it was moved to: then it is not its turn.
      const isSent = typeof store.jobs.find(jobId)?.sentAt === 'number';
      return isSent ? takeTurn(store, jobId, clock.now()) : undefined;
    });
    if (sent) log.info({ jobId, run: sent.run }, 'the start command goes out once more');
    return sent && { jobId, ...sent, takenAtMs: clock.monotonicMs() };
  }
}
