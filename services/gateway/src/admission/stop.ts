/** `PUT compute`: an owner stops jobs, or an operator a job. Answers when they have stopped, or after ten seconds with how they stand. */
import { createHash } from 'node:crypto';
import type { StopRequest } from '@capstan/shared/contract/api';
import { parseAddress, type Address, type JobId } from '@capstan/shared/contract/ids';
import { isEnding } from '@capstan/shared/contract/status';
import { CapstanError } from '@capstan/shared/contract/errors';
import type { Log } from '@capstan/shared/runtime/log';
import type { Authenticate, Caller } from '../auth/authenticate.ts';
import type { Proof } from '../auth/credentials.ts';
import { invalidSignature } from '../auth/invalid-signature.ts';
import { jobsMessage, noncelessStopMessage } from '../auth/message.ts';
import type { IsOperator } from '../auth/operators.ts';
import type { NonceBook } from '../auth/nonce-book.ts';
import { isSignedBy } from '../auth/signature.ts';
import type { JobRow } from '../store/job-row.ts';
import type { StatusRow } from '../store/status-row.ts';
import type { Store } from '../store/store.ts';
import { awaitEnds } from './await-end.ts';
import { ownedJobs } from '../status/owned-jobs.ts';
import { requireToldApart } from '../auth/told-apart.ts';

/** How long a client is kept waiting for the end. */
const ANSWER_LIMIT_MS = 10_000;

interface StopOptions {
  readonly store: Store;
  readonly log: Log;
  /** The controller's: what is wanted of these has changed. */
  readonly look: (jobIds: readonly JobId[]) => void;
  readonly authenticate: Authenticate;
  readonly nonces: Pick<NonceBook, 'spend' | 'spendIfKnown'>;
  /** Whether the message that ocean.js signs without its nonce counts. */
  readonly acceptsNonceless: boolean;
  readonly isOperator: IsOperator;
}

export type Stop = (request: StopRequest, proof?: Proof, network?: string) => Promise<readonly JobRow[]>;

export function createStop(options: StopOptions): Stop {
  const { store, log, authenticate, nonces, acceptsNonceless, isOperator, look } = options;

  const identify = async (request: StopRequest, proof: Proof | undefined): Promise<Stopper> => {
    const nonceless = acceptsNonceless ? noncelessStop(request, proof) : undefined;
    if (nonceless) return nonceless;
    if (request.nonce === undefined) throw wantsNonce(acceptsNonceless);
    const text = (nonce: string) => jobsMessage({ ...request, nonce });
    const caller = await authenticate.act(request, { purpose: 'stop', text }, proof);
    requireToldApart(store, caller, request.jobId);
    return { address: caller.address, caller };
  };

  return async (request, proof, network = '') => {
    const { address, caller, digest } = await identify(request, proof);
    const stopping = await store.write(() => {
      // One job that is named, and only by who signed for this very request: no operator stops everything by mistake.
      const mayStopAny = caller !== undefined && request.jobId !== undefined && isOperator(caller.address);
      const touched = ownedJobs(store, mayStopAny ? undefined : address, { ...request, isOpen: true });
      if (digest) onceForRun(store, digest, touched);
      // A nonce that nobody signed uses up nothing: else whoever replays the request could burn all of the owner's.
      if (caller) nonces[touched.length > 0 ? 'spend' : 'spendIfKnown'](caller.address, caller.nonce, network);
      const operator = mayStopAny ? caller.address : undefined;
      const jobs = touched.filter(({ code }) => !isEnding(code));
      const isOther = operator !== undefined && jobs.some(({ owner }) => owner !== operator);
      const by = isOther ? operator : null;
      for (const { jobId, owner } of jobs) {
        store.jobs.want(jobId, 'stopped', by);
        log.info(
          { jobId, by: address, ...(isOther ? { owner } : {}) },
          isOther ? 'an operator stops a job' : 'its owner stops a job',
        );
      }
      return touched.map(({ jobId }) => jobId);
    });
    look(stopping);
    await awaitEnds(store, stopping, ANSWER_LIMIT_MS);
    return stopping.flatMap((jobId) => store.jobs.find(jobId) ?? []);
  };
}

interface Stopper {
  readonly address: Address;
  readonly caller?: Caller;
  /** SHA-256 of what was signed, where that was no more than address and job. */
  readonly digest?: Uint8Array;
}

/** A stop whose signature covers address and job only, and not the nonce that may be beside it. */
function noncelessStop(request: StopRequest, proof: Proof | undefined): Stopper | undefined {
  const { consumerAddress, jobId, documentId, nonce, signature } = request;
  const address = parseAddress(consumerAddress);
  if (!address || jobId === undefined || documentId !== undefined || signature === undefined) return undefined;
  // An id of digits alone could be the nonce of something else.
  if (proof?.kind === 'typed' || !/[a-f]/i.test(jobId)) return undefined;
  // A signature that covers the nonce, too, is the better one.
  if (nonce !== undefined && isSignedBy(address, jobsMessage({ ...request, nonce }), signature)) return undefined;
  const text = noncelessStopMessage({ consumerAddress, jobId });
  return isSignedBy(address, text, signature)
    ? { address, digest: createHash('sha256').update(text).digest() }
    : undefined;
}

/** Whoever has seen it could send it again when the job runs once more: it is for the run that it was sent for first. */
function onceForRun(store: Store, digest: Uint8Array, jobs: readonly StatusRow[]): void {
  for (const { jobId, run } of jobs.flatMap((job) => store.jobs.find(job.jobId) ?? [])) {
    const purpose = `stop of run ${run}`;
    const used = store.usedTexts.purposeOf(digest);
    if (used !== undefined && used !== purpose) {
      throw invalidSignature(
        `What was signed here served for a ${used} before, and this is run ${run}. Sign with a nonce: consumerAddress + jobId + nonce.`,
      );
    }
    store.usedTexts.add(digest, purpose, jobId);
  }
}

function wantsNonce(acceptsNonceless: boolean): CapstanError {
  const otherwise = acceptsNonceless
    ? ' It may be absent where jobId and a signature over consumerAddress + jobId are there.'
    : '';
  return new CapstanError('VALIDATION', 'Validation error', {
    fields: { nonce: [`The nonce field is required.${otherwise}`] },
  });
}
