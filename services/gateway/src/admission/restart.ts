/** Which ended job a start request wants to run again. */
import type { StartRequest } from '@capstan/shared/contract/api';
import type { CapstanError } from '@capstan/shared/contract/errors';
import { fullDid, readJobId } from '@capstan/shared/contract/ids';
import { isEnding } from '@capstan/shared/contract/status';
import { codedRefusal } from '../assets/refusal-codes.ts';
import type { Caller } from '../auth/authenticate.ts';
import { agreementIdOf } from '../orders/agreement-id.ts';
import { noSuchJob } from '../status/owned-jobs.ts';
import type { JobRow } from '../store/job-row.ts';
import type { Store } from '../store/store.ts';

interface Asking {
  readonly request: StartRequest;
  readonly caller: Caller;
}

/** The ended job, to run again under the order that it was paid with; undefined for a new job. Throws NOT_FOUND or REFUSED. */
export function toRestart({ request, caller }: Asking, store: Store): JobRow | undefined {
  if (request.jobId === undefined) return undefined;
  const jobId = readJobId(request.jobId);
  const job = jobId && store.jobs.find(jobId);
  if (!job || job.owner !== caller.address || job.want === 'deleted') throw noSuchJob();
  if (!isEnding(job.code)) throw notEnded();
  if (fullDid(job.documentId) !== fullDid(request.dataset.documentId)) {
    throw codedRefusal(
      'dataset.documentId',
      'not_of_this_job',
      `The job ran on ${job.documentId}; restart it on the same, or leave out jobId for a new job.`,
    );
  }
  if (job.agreementId !== agreementIdOf(request.dataset.transferTxId)) {
    throw codedRefusal(
      'dataset.transferTxId',
      'not_of_this_job',
      `A restart runs under the order that the job began with, ${job.agreementId}: send that as transferTxId, or leave out jobId for a new job.`,
    );
  }
  return job;
}

export const notEnded = (): CapstanError =>
  codedRefusal('jobId', 'not_ended', 'The job has not ended yet. Stop it first, or wait for its end.');
