/** Which result file a caller may read: their own job's, by its index. */
import type { ResultQuery } from '@capstan/shared/contract/api';
import { parseJobId } from '@capstan/shared/contract/ids';
import { CapstanError } from '@capstan/shared/errors';
import type { Authenticate, Credentials } from '../auth/authenticate.ts';
import { resultMessage } from '../auth/message.ts';
import { spendNonce } from '../auth/spend-nonce.ts';
import type { OpenedResult, Results } from '../results/open.ts';
import type { Store } from '../store/store.ts';

interface ResultOptions {
  readonly store: Store;
  readonly results: Results;
  readonly authenticate: Authenticate;
}

export type ResultRequest = ResultQuery & Pick<Credentials, 'token'>;

/**
 * Resolves to the open file; whoever gets it closes it. Rejects with INVALID_SIGNATURE, or NOT_FOUND alike for a job of somebody else,
 * no such job, and no such result.
 */
export function createResult({
  store,
  results,
  authenticate,
}: ResultOptions): (request: ResultRequest) => Promise<OpenedResult> {
  return async (request) => {
    // The index is signed as it was sent.
    const caller = await authenticate(request, (nonce) => resultMessage({ ...request, nonce }));
    await store.write(() => spendNonce(store.nonces, caller));
    const jobId = parseJobId(request.jobId);
    const job = jobId && store.jobs.find(jobId);
    const run = request.run === undefined ? job?.run : Number(request.run);
    const opened =
      job?.owner === caller.address && run !== undefined
        ? await results.open({ jobId: job.jobId, run }, Number(request.index))
        : undefined;
    if (!opened) {
      throw new CapstanError(
        'NOT_FOUND',
        'There is no such result. Ask for the status of the job to see which it has.',
      );
    }
    return opened;
  };
}
