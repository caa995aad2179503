/** Mistakes of a gateway, put into the store that it has. */

import type { AttemptOwner } from '@capstan/shared/contract/messages';
import type { Db } from '../../../services/gateway/src/store/db.ts';
import type { Store } from '../../../services/gateway/src/store/store.ts';

const COMMIT_DELAY_MS = 50;

/** Whoever asked hears at once, and the disk a little later. */
export function lateCommits(db: Db): Db {
  let isOpen = false;
  let isDue = false;
  const commit = db.prepare('commit');
  const begin = db.prepare('begin immediate');
  const done = { changes: 0, lastId: 0 };
  return {
    ...db,
    prepare(sql) {
      const statement = db.prepare(sql);
      if (sql === 'begin immediate') {
        const beginOnce = () => {
          if (!isOpen) begin.run();
          isOpen = true;
          return done;
        };
        return { ...statement, run: beginOnce };
      }
      if (sql !== 'commit') return statement;
      const commitLater = () => {
        if (isDue) return done;
        isDue = true;
        setTimeout(() => {
          isDue = false;
          isOpen = false;
          commit.run();
        }, COMMIT_DELAY_MS);
        return done;
      };
      return { ...statement, run: commitLater };
    },
  };
}

/** Takes events of a run that has ended. */
export const openAfterEnd = (store: Store): Store => ({
  ...store,
  jobs: {
    ...store.jobs,
    find(jobId) {
      const job = store.jobs.find(jobId);
      return job && job.dateFinished !== null ? { ...job, code: 1, attempt: 0 } : job;
    },
    advance(job, change) {
      const real = store.jobs.find(job.jobId);
      return real && store.jobs.advance(real, change);
    },
  },
});

const TOGETHER_MS = 5;

/** Tells only the last of what was committed within a short time. */
export const tellsTheLast = (store: Store): Store => ({
  ...store,
  onCommitted(listener) {
    let last: Parameters<typeof listener>[0] = [];
    return store.onCommitted((events) => {
      if (last.length === 0) {
        setTimeout(() => {
          const told = last;
          last = [];
          listener(told);
        }, TOGETHER_MS);
      }
      last = events;
    });
  },
});

/** As long as a copy of the store may lag behind it. */
const LAG_MS = 120_000;

/** Reads whose an attempt is from a copy that lags behind: of what was claimed lately, it says nothing. */
export function laggingStarts(store: Store): Store {
  const claimedAt = new Map<string, number>();
  return {
    ...store,
    jobs: {
      ...store.jobs,
      find(jobId) {
        const job = store.jobs.find(jobId);
        const isMissing = Date.now() - (claimedAt.get(jobId) ?? Number.NEGATIVE_INFINITY) < LAG_MS;
        return job && isMissing ? { ...job, start: undefined } : job;
      },
      claimStart(claim) {
        store.jobs.claimStart(claim);
        claimedAt.set(claim.jobId, Date.now());
      },
    },
  };
}

/** Answers by such a copy: nobody had it, so it is given to whoever asks. */
export function answersByCopy(store: Store): Store {
  const given = new Map<string, AttemptOwner>();
  return {
    ...store,
    jobs: {
      ...store.jobs,
      find(jobId) {
        const job = store.jobs.find(jobId);
        return job && { ...job, start: given.get(jobId) ?? job.start };
      },
      claimStart(claim) {
        const { jobId, attempt, runnerId } = claim;
        store.jobs.claimStart(claim);
        given.set(jobId, { attempt, runnerId });
      },
    },
  };
}

const STORED_AFTER_MS = 3_000;

/** Tells a runner that an attempt is its own, and stores that a little later. */
export function answersBeforeStored(store: Store): Store {
  const pending = new Map<string, AttemptOwner>();
  return {
    ...store,
    jobs: {
      ...store.jobs,
      find(jobId) {
        const job = store.jobs.find(jobId);
        return job && { ...job, start: pending.get(jobId) ?? job.start };
      },
      claimStart(claim) {
        const { jobId, attempt, runnerId } = claim;
        const known = pending.get(jobId) ?? store.jobs.find(jobId)?.start;
        if (known && known.attempt >= attempt) return;
        pending.set(jobId, { attempt, runnerId });
        setTimeout(() => {
          pending.delete(jobId);
          // Who dies over it says nothing of that.
          store.write(() => store.jobs.claimStart(claim)).catch(() => undefined);
        }, STORED_AFTER_MS);
      },
    },
  };
}
