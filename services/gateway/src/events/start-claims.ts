/**
 * Gives each attempt of a job to one runner. The store keeps it: a broker that forgets, or carries a claim twice or late, changes nothing.
 * That is one half of fencing: the number of the attempt that is given away only rises. The other half is `contract/lifecycle`, which lets
 * events of an earlier run or attempt change nothing; only an ending is the run's, whichever attempt tells it.
 * Which attempt a runner may ask for is the runners' own matter: they see each other's leases.
 */
import type { Bus } from '@capstan/shared/bus/connect';
import { putDesired } from '@capstan/shared/bus/desired';
import type { JobId } from '@capstan/shared/contract/ids';
import type { AttemptOwner } from '@capstan/shared/contract/messages';
import { isEnding } from '@capstan/shared/contract/status';
import { messageOf } from '@capstan/shared/contract/errors';
import type { Log } from '@capstan/shared/runtime/log';
import type { Store } from '../store/store.ts';

export interface StartClaim extends AttemptOwner {
  readonly jobId: JobId;
  readonly run: number;
}

export interface StartClaims {
  /** Inside a transaction. */
  record(claim: StartClaim): void;
  /** After it was committed. An answer that gets lost is asked for again. */
  answer(claim: StartClaim): Promise<void>;
}

export function createStartClaims({ bus, store, log }: { bus: Bus; store: Store; log: Log }): StartClaims {
  const answerOf = ({ jobId, run }: StartClaim) => {
    const job = store.jobs.find(jobId);
    if (!job || job.run !== run || isEnding(job.code)) return { run, want: 'ended' } as const;
    return { run, want: job.want, ...(job.start ? { start: job.start } : {}) };
  };

  return {
    record: (claim) => store.jobs.claimStart(claim),
    async answer(claim) {
      const { jobId, run, attempt, runnerId } = claim;
      try {
        const answer = answerOf(claim);
        log.debug({ jobId, run, attempt, runnerId, answer }, 'a start was claimed');
        await putDesired(bus, jobId, answer);
        // A wish that came meanwhile must not be covered by what was true before it.
        const now = answerOf(claim);
        if (now.want !== answer.want) await putDesired(bus, jobId, now);
      } catch (error) {
        log.debug({ jobId, run, problem: messageOf(error) }, 'a claim has to be asked for again');
      }
    },
  };
}
