/** `DELETE compute`: an owner deletes jobs. Each is stopped first; then its results and rows go, and a tombstone keeps its id. */
import type { DeleteRequest } from '@capstan/shared/contract/api';
import { parseAddress, type JobId } from '@capstan/shared/contract/ids';
import { isEnding } from '@capstan/shared/contract/status';
import { CapstanError } from '@capstan/shared/contract/errors';
import type { Authenticate } from '../auth/authenticate.ts';
import type { Proof } from '../auth/credentials.ts';
import { jobsMessage } from '../auth/message.ts';
import { guessedNonces } from '../auth/nonce.ts';
import type { NonceBook } from '../auth/nonce-book.ts';
import { isSignedBy } from '../auth/signature.ts';
import type { Clock } from '@capstan/shared/runtime/clock';
import type { JobRow } from '../store/job-row.ts';
import type { StatusRow } from '../store/status-row.ts';
import type { Store } from '../store/store.ts';
import { awaitEnds } from './await-end.ts';
import { asRemoved, type FinishDeletion } from '../controller/finish-deletion.ts';
import { ownedJobs } from '../status/owned-jobs.ts';
import { requireToldApart } from '../auth/told-apart.ts';

/** How long a client is kept waiting for the end of a running job. */
const ANSWER_LIMIT_MS = 10_000;
const MOST_AT_ONCE = 8;

interface RemoveOptions {
  readonly store: Store;
  readonly clock: Pick<Clock, 'now'>;
  readonly finishDeletion: FinishDeletion;
  /** The controller's: what is wanted of these has changed. */
  readonly look: (jobIds: readonly JobId[]) => void;
  readonly authenticate: Authenticate;
  readonly nonces: Pick<NonceBook, 'highest' | 'spend' | 'spendIfKnown'>;
}

export type Remove = (request: DeleteRequest, proof?: Proof, network?: string) => Promise<readonly StatusRow[]>;

export function createRemove(options: RemoveOptions): Remove {
  const { store, authenticate, nonces, finishDeletion, look, clock } = options;

  return async (request, proof, network = '') => {
    if (request.jobId === undefined && request.documentId === undefined) throw nothingNamed();
    const text = (nonce: string) => jobsMessage({ ...request, nonce });
    const nonce = request.nonce ?? assumedNonce(nonces, request, text);
    const caller = await authenticate.act({ ...request, nonce }, { purpose: 'delete', text }, proof);
    requireToldApart(store, caller, request.jobId);
    const jobs = await store.write(() => {
      const owned = ownedJobs(store, caller.address, request);
      nonces[owned.length > 0 ? 'spend' : 'spendIfKnown'](caller.address, caller.nonce, network);
      for (const { jobId } of owned) store.jobs.want(jobId, 'deleted');
      return owned;
    });
    const jobIds = jobs.map(({ jobId }) => jobId);
    look(jobIds);
    await awaitEnds(store, jobIds, ANSWER_LIMIT_MS);
    const outcome = async (job: StatusRow): Promise<StatusRow> => {
      const now = store.jobs.find(job.jobId);
      // One that ended before the others may be gone by now.
      if (!now) return asRemoved(job, clock.now());
      return isEnding(now.code) ? inTime(finishDeletion(now)) : now;
    };
    // A few at a time: each empties folders and writes.
    const outcomes: StatusRow[] = [];
    for (let from = 0; from < jobs.length; from += MOST_AT_ONCE) {
      outcomes.push(...(await Promise.all(jobs.slice(from, from + MOST_AT_ONCE).map(outcome))));
    }
    return outcomes;
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
