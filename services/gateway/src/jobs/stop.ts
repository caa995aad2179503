/** `PUT compute`: an owner stops jobs, or an operator a job. Answers when they have stopped, or after ten seconds with how they stand. */
import type { StopRequest } from '@capstan/shared/contract/api';
import { parseAddress, type Address } from '@capstan/shared/contract/ids';
import { isEnding } from '@capstan/shared/contract/status';
import type { Authenticate, Caller, Credentials } from '../auth/authenticate.ts';
import { jobsMessage, noncelessStopMessage } from '../auth/message.ts';
import type { IsOperator } from '../auth/operators.ts';
import { isSignedBy } from '../auth/signature.ts';
import { spendNonce } from '../auth/spend-nonce.ts';
import type { JobRow } from '../store/job-row.ts';
import type { Store } from '../store/store.ts';
import { awaitEnds } from './await-end.ts';
import { demand, tellRunners, type TellOptions } from './demand.ts';
import { ownedJobs } from './owned-jobs.ts';

/** How long a client is kept waiting for the end. */
const ANSWER_LIMIT_MS = 10_000;

interface StopOptions extends TellOptions {
  readonly store: Store;
  readonly authenticate: Authenticate;
  /** Whether the message that ocean.js signs without its nonce counts. */
  readonly acceptsNonceless: boolean;
  readonly isOperator: IsOperator;
}

type SignedStop = StopRequest & Pick<Credentials, 'token'>;

export function createStop(options: StopOptions): (request: SignedStop) => Promise<readonly JobRow[]> {
  const { store, clock, authenticate, acceptsNonceless, isOperator } = options;

  const identify = async (request: SignedStop): Promise<{ readonly address: Address; readonly caller?: Caller }> => {
    const address = acceptsNonceless ? noncelessAddress(request) : undefined;
    if (address) return { address };
    const caller = await authenticate(request, (nonce) => jobsMessage({ ...request, nonce }));
    return { address: caller.address, caller };
  };

  return async (request) => {
    const { address, caller } = await identify(request);
    const stopping = await store.write((transaction) => {
      // A nonce that nobody signed uses up nothing: else whoever replays the request could burn all of the owner's.
      if (caller) spendNonce(store.nonces, caller);
      // One job that is named, and only by who signed for this very request: no operator stops everything by mistake.
      const mayStopAny = caller !== undefined && request.jobId !== undefined && isOperator(caller.address);
      const touched = ownedJobs(store, mayStopAny ? undefined : address, { ...request, isOpen: true });
      for (const job of touched)
        if (!isEnding(job.code)) demand(store, transaction, { job, want: 'stopped', at: clock.now() });
      return touched.map(({ jobId }) => jobId);
    });
    const current = () => stopping.flatMap((jobId) => store.jobs.find(jobId) ?? []);
    await Promise.all(current().map((job) => tellRunners(options, job)));
    await awaitEnds(store, stopping, ANSWER_LIMIT_MS);
    return current();
  };
}

/** Who sent a stop whose signature covers address and job only, and not the nonce beside it. */
function noncelessAddress(request: StopRequest): Address | undefined {
  const { consumerAddress, jobId, documentId, signature } = request;
  const address = parseAddress(consumerAddress);
  if (!address || jobId === undefined || documentId !== undefined || signature === undefined) return undefined;
  // A signature that covers the nonce, too, is the better one.
  if (isSignedBy(address, jobsMessage(request), signature)) return undefined;
  return isSignedBy(address, noncelessStopMessage({ consumerAddress, jobId }), signature) ? address : undefined;
}
