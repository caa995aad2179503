/** `DELETE compute`: an owner deletes jobs. Each is stopped first; then its results and rows go, and a tombstone keeps its id. */
import type { DeleteRequest } from '@capstan/shared/contract/api';
import { parseAddress, type JobId } from '@capstan/shared/contract/ids';
import { jobEvent } from '@capstan/shared/contract/messages';
import { isEnding } from '@capstan/shared/contract/status';
import { CapstanError } from '@capstan/shared/contract/errors';
import type { Authenticate } from '../auth/authenticate.ts';
import type { Proof } from '../auth/credentials.ts';
import { jobsMessage } from '../auth/message.ts';
import { guessedNonces } from '../auth/nonce.ts';
import type { NonceBook } from '../auth/nonce-book.ts';
import { isSignedBy } from '../auth/signature.ts';
import type { ResultAssets } from '../assets/result-assets.ts';
import type { Results } from '../results/open.ts';
import type { JobRow } from '../store/job-row.ts';
import type { StatusRow } from '../store/statuses.ts';
import type { Store } from '../store/store.ts';
import { awaitEnds } from './await-end.ts';
import { demandAll, endAll, tellRunners, type TellOptions } from '../controller/desired-state.ts';
import { ownedJobs } from '../status/owned-jobs.ts';
import { requireToldApart } from '../auth/told-apart.ts';

/** How long a client is kept waiting for the end of a running job. */
const ANSWER_LIMIT_MS = 10_000;
const MOST_AT_ONCE = 8;

interface RemoveOptions extends TellOptions {
  readonly store: Store;
  readonly results: Results;
  readonly resultAssets: Pick<ResultAssets, 'remove'>;
  readonly authenticate: Authenticate;
  readonly nonces: Pick<NonceBook, 'highest' | 'spend' | 'spendIfKnown'>;
}

export interface Remove {
  request(request: DeleteRequest, proof?: Proof, network?: string): Promise<readonly StatusRow[]>;
  /** Completes what was asked for: jobs that have ended and are to be deleted. */
  finish(job: JobRow): Promise<JobRow>;
}

export function createRemove(options: RemoveOptions): Remove {
  const { store, results, resultAssets, authenticate, nonces, clock, log, leftElsewhere } = options;

  const complete = async (job: JobRow): Promise<JobRow> => {
    // Rows last: as long as there are rows, a node that dies here knows what is left to do.
    await results.remove(job.jobId);
    await resultAssets.remove(job);
    const at = clock.now();
    const removed = asRemoved(job, at);
    await store.write((transaction) => {
      store.events.removeOf(job.jobId);
      store.pastRuns.removeOf(job.jobId);
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
    async request(request, proof, network = '') {
      if (request.jobId === undefined && request.documentId === undefined) throw nothingNamed();
      const text = (nonce: string) => jobsMessage({ ...request, nonce });
      const nonce = request.nonce ?? assumedNonce(nonces, request, text);
      const caller = await authenticate.act({ ...request, nonce }, { purpose: 'delete', text }, proof);
      requireToldApart(store, caller, request.jobId);
      const jobs = await store.write((transaction) => {
        const owned = ownedJobs(store, caller.address, request);
        nonces[owned.length > 0 ? 'spend' : 'spendIfKnown'](caller.address, caller.nonce, network);
        demandAll(store, transaction, { jobs: owned, want: 'deleted', at: clock.now(), leftElsewhere });
        return owned;
      });
      const jobIds = jobs.map(({ jobId }) => jobId);
      await endAll(store, jobIds, options);
      const current = jobIds.flatMap((jobId) => store.jobs.find(jobId) ?? []);
      await Promise.all(current.map((job) => tellRunners(options, job)));
      await awaitEnds(store, jobIds, ANSWER_LIMIT_MS);
      const outcome = async (job: StatusRow): Promise<StatusRow> => {
        const now = store.jobs.find(job.jobId);
        // One that ended before the others may be gone by now.
        if (!now) return asRemoved(job, clock.now());
        return isEnding(now.code) ? inTime(finish(now)) : now;
      };
      // A few at a time: each empties folders and writes.
      const outcomes: StatusRow[] = [];
      for (let from = 0; from < jobs.length; from += MOST_AT_ONCE) {
        outcomes.push(...(await Promise.all(jobs.slice(from, from + MOST_AT_ONCE).map(outcome))));
      }
      return outcomes;
    },
  };
}

/** It goes on without the client, and without this gateway's life: the sweep comes back to it. */
async function inTime(finishing: Promise<JobRow>): Promise<JobRow> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(markedOnly()), ANSWER_LIMIT_MS);
  try {
    return await Promise.race([finishing, promise]);
  } finally {
    clearTimeout(timer);
  }
}

const markedOnly = () =>
  new CapstanError(
    'RESULTS_UNAVAILABLE',
    'The job is marked to be deleted. It goes, without another request, when the store of its results answers.',
  );

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

/** ocean.js signs with a nonce that it does not send: what it counts on to from the last one that it was told. */
function assumedNonce(
  nonces: Pick<NonceBook, 'highest'>,
  { consumerAddress, signature }: DeleteRequest,
  text: (nonce: string) => string,
): string | undefined {
  const address = parseAddress(consumerAddress);
  // A token signs no nonce: it must bring one.
  if (signature === undefined || address === undefined) return undefined;
  const guesses = guessedNonces(nonces.highest(address));
  return guesses.find((nonce) => isSignedBy(address, text(nonce), signature)) ?? guesses[0];
}

function nothingNamed(): CapstanError {
  const text = 'At least one of jobId and documentId is required.';
  return new CapstanError('VALIDATION', 'Validation error', { fields: { jobId: [text], documentId: [text] } });
}
