/** Which result file a caller may read: their own job's, by its index. */
import type { Clock } from '@capstan/shared/clock';
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
  readonly clock: Clock;
}

export type ResultRequest = ResultQuery & Pick<Credentials, 'token'>;

/**
 * Resolves to the open file; whoever gets it closes it. Rejects with INVALID_SIGNATURE, or NOT_FOUND alike for a job of somebody else,
 * no such job, and no such result; EXPIRED for one whose time is over.
 */
export function createResult({
  store,
  results,
  authenticate,
  clock,
}: ResultOptions): (request: ResultRequest) => Promise<OpenedResult> {
  return async (request) => {
    // The index is signed as it was sent.
    const caller = await authenticate(request, (nonce) => resultMessage({ ...request, nonce }));
    await store.write(() => spendNonce(store.nonces, caller));
    const jobId = parseJobId(request.jobId);
    const job = jobId && store.jobs.find(jobId);
    const run = request.run === undefined ? job?.run : Number(request.run);
    const own = job?.owner === caller.address ? job : undefined;
    if (own && run === own.run && own.expiresAt !== null && own.expiresAt <= clock.now()) throw expired(own.expiresAt);
    const opened =
      own && run !== undefined ? await results.open({ jobId: own.jobId, run }, Number(request.index)) : undefined;
    if (opened && opened.expiresAt <= clock.now()) {
      await opened.close();
      throw expired(opened.expiresAt);
    }
    if (!opened) {
      throw new CapstanError(
        'NOT_FOUND',
        'There is no such result. Ask for the status of the job to see which it has.',
      );
    }
    return opened;
  };
}

export const expired = (expiresAt: number) =>
  new CapstanError(
    'EXPIRED',
    `The results of this run were kept until ${new Date(expiresAt).toISOString()}, as its environment says, and are gone.`,
  );
