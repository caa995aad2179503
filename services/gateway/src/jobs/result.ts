/** Which result file a caller may read: their own job's, by its index. */
import { parseJobId } from '@capstan/shared/contract/ids';
import { CapstanError } from '@capstan/shared/errors';
import { authenticate, spendNonce } from '../auth/authorize.ts';
import { resultMessage } from '../auth/message.ts';
import type { OpenedResult, Results } from '../results/open.ts';
import type { Store } from '../store/store.ts';

export interface ResultRequest {
  readonly consumerAddress: string;
  readonly jobId: string;
  /** Digits, as sent: they are part of the signed text. */
  readonly index: string;
  readonly nonce: string;
  readonly signature: string;
}

/**
 * Resolves to the open file; whoever gets it closes it. Throws INVALID_SIGNATURE, or NOT_FOUND alike for a job of somebody else, no such
 * job, and no such result.
 */
export function createResult(store: Store, results: Results): (request: ResultRequest) => Promise<OpenedResult> {
  return async (request) => {
    const caller = authenticate({ ...request, message: resultMessage(request) });
    const jobId = parseJobId(request.jobId);
    const job = jobId && store.jobs.find(jobId);
    const owned = job?.owner === caller.address ? job : undefined;
    const opened = owned && (await results.open(owned, Number(request.index)));
    try {
      await store.write(() => spendNonce(store.nonces, caller));
    } catch (error) {
      await opened?.close();
      throw error;
    }
    if (!opened)
      throw new CapstanError(
        'NOT_FOUND',
        'There is no such result. Ask for the status of the job to see which it has.',
      );
    return opened;
  };
}
