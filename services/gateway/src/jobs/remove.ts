/** `DELETE compute`: an owner deletes jobs. Each is stopped first; then its results and rows go, and a tombstone keeps its id. */
import type { DeleteRequest } from '@capstan/shared/contract/api';
import { parseAddress, type JobId } from '@capstan/shared/contract/ids';
import { jobEvent } from '@capstan/shared/contract/messages';
import { isEnding } from '@capstan/shared/contract/status';
import { CapstanError } from '@capstan/shared/errors';
import type { Authenticate, Credentials } from '../auth/authenticate.ts';
import { jobsMessage } from '../auth/message.ts';
import { nextNonce } from '../auth/nonce.ts';
import { spendNonce } from '../auth/spend-nonce.ts';
import type { ResultAssets } from '../assets/result-assets.ts';
import type { Results } from '../results/open.ts';
import type { JobRow } from '../store/job-row.ts';
import type { StatusRow } from '../store/statuses.ts';
import type { Store } from '../store/store.ts';
import { awaitEnds } from './await-end.ts';
import { demand, tellRunners, type TellOptions } from './demand.ts';
import { ownedJobs } from './owned-jobs.ts';

/** How long a client is kept waiting for the end of a running job. */
const ANSWER_LIMIT_MS = 10_000;

interface RemoveOptions extends TellOptions {
  readonly store: Store;
  readonly results: Results;
  readonly resultAssets: Pick<ResultAssets, 'remove'>;
  readonly authenticate: Authenticate;
}

export interface Remove {
  request(request: DeleteRequest & Pick<Credentials, 'token'>): Promise<readonly StatusRow[]>;
  /** Completes what was asked for: jobs that have ended and are to be deleted. */
  finish(job: JobRow): Promise<JobRow>;
}

export function createRemove(options: RemoveOptions): Remove {
  const { store, results, resultAssets, authenticate, clock, log } = options;

  const complete = async (job: JobRow): Promise<JobRow> => {
    // Rows last: as long as there are rows, a node that dies here knows what is left to do.
    await results.remove(job.jobId);
    await resultAssets.remove(job);
    const at = clock.now();
    const removed = asRemoved(job, at);
    await store.write((transaction) => {
      store.events.removeOf(job.jobId);
      store.jobs.remove(job.jobId);
      store.tombstones.add({ jobId: job.jobId, run: job.run, owner: job.owner, deletedAt: at });
      if (store.events.has(job.jobId, 8)) return;
      const event = jobEvent({ jobId: job.jobId, run: job.run, attempt: job.attempt, code: 8, at });
      transaction.announce({ cursor: store.events.append(event, removed), event, job: removed });
    });
    log.info({ jobId: job.jobId, run: job.run }, 'job deleted');
    return removed;
  };

  /** Who asked, the end itself and the sweep may all come at once: it is done once. */
  const underway = new Map<JobId, Promise<JobRow>>();
  const finish = (job: JobRow): Promise<JobRow> => {
    const begun = underway.get(job.jobId) ?? complete(job).finally(() => underway.delete(job.jobId));
    underway.set(job.jobId, begun);
    return begun;
  };

  return {
    finish,
    async request(request) {
      if (request.jobId === undefined && request.documentId === undefined) throw nothingNamed();
      const nonce = request.nonce ?? assumedNonce(store, request);
      const caller = await authenticate({ ...request, nonce }, (signed) => jobsMessage({ ...request, nonce: signed }));
      const jobs = await store.write((transaction) => {
        spendNonce(store.nonces, caller);
        const owned = ownedJobs(store, caller.address, request);
        for (const job of owned) demand(store, transaction, { job, want: 'deleted', at: clock.now() });
        return owned;
      });
      const jobIds = jobs.map(({ jobId }) => jobId);
      const current = jobIds.flatMap((jobId) => store.jobs.find(jobId) ?? []);
      await Promise.all(current.map((job) => tellRunners(options, job)));
      await awaitEnds(store, jobIds, ANSWER_LIMIT_MS);
      const outcome = async (job: StatusRow): Promise<StatusRow> => {
        const now = store.jobs.find(job.jobId);
        // One that ended before the others may be gone by now.
        if (!now) return asRemoved(job, clock.now());
        return isEnding(now.code) ? finish(now) : now;
      };
      return Promise.all(jobs.map(outcome));
    },
  };
}

/** How a job is shown that is no more. */
function asRemoved<Row extends StatusRow>(job: Row, at: number): Row {
  return {
    ...job,
    code: 8,
    dateFinished: job.dateFinished ?? at,
    removed: 1,
    results: [],
    resultsDid: '',
    expiresAt: null,
  };
}

/** ocean.js signs with a nonce that it does not send; it is one more than the last, the only value that it can have used. */
function assumedNonce(store: Store, { consumerAddress, signature }: DeleteRequest): string | undefined {
  // A token signs no nonce: it must bring one.
  if (signature === undefined) return undefined;
  const address = parseAddress(consumerAddress);
  return address && nextNonce(store.nonces.last(address));
}

function nothingNamed(): CapstanError {
  const text = 'At least one of jobId and documentId is required.';
  return new CapstanError('VALIDATION', 'Validation error', { fields: { jobId: [text], documentId: [text] } });
}
