/** A start request becomes a job, or the next run of one: checked, then stored with nonce, spec and first event in one transaction. */
import { getAddress } from 'ethers';
import type { Clock } from '@capstan/shared/runtime/clock';
import type { StartRequest } from '@capstan/shared/contract/api';
import { fullDid, type JobId } from '@capstan/shared/contract/ids';
import type { JobSpec } from '@capstan/shared/contract/job';
import { jobEvent } from '@capstan/shared/contract/messages';
import type { Log } from '@capstan/shared/runtime/log';
import { forgetOrder } from '../quotas/kept-orders.ts';
import type { Room } from '../quotas/room.ts';
import type { Authenticate, Caller } from '../auth/authenticate.ts';
import type { Proof } from '../auth/credentials.ts';
import { startMessage } from '../auth/message.ts';
import type { NonceBook } from '../auth/nonce-book.ts';
import type { Transaction } from '../store/commit.ts';
import type { JobRow } from '../store/job-row.ts';
import type { Store } from '../store/store.ts';
import { agreementIdOf } from '../orders/agreement-id.ts';
import { orderInUse } from '../orders/refusals.ts';
import type { Orders, PaidOrders } from '../orders/orders.ts';
import { orderedBy } from './ordered.ts';
import { notEnded, toRestart } from './restart.ts';
import { requireEnvironment, specOf, type SpecAndText, type SpecOptions } from './spec.ts';

export interface Submission {
  readonly request: StartRequest;
  readonly proof?: Proof | undefined;
  /** SHA-256 of the request's body, hex: by it a repeated request is known. */
  readonly bodyHash: string;
  /** Where it came from. */
  readonly network?: string;
}

export interface SubmitOptions extends SpecOptions {
  readonly store: Store;
  readonly authenticate: Authenticate;
  readonly nonces: Pick<NonceBook, 'spend'>;
  readonly orders: Pick<Orders, 'verify'>;
  readonly newJobId: () => JobId;
  readonly clock: Clock;
  readonly log: Log;
  /** Quotas: rejects what would be too much. */
  readonly room: Pick<Room, 'require'>;
  /** Called once the job is stored. */
  readonly onStored: () => void;
}

/** All that is known of a submission when it is stored. */
interface Checked extends Submission, SpecAndText {
  readonly network: string;
  readonly caller: Caller;
  /** Where the environment wants orders on a chain. */
  readonly paid: PaidOrders | undefined;
}

/**
 * Resolves to the job once it is on disk. Rejects with INVALID_SIGNATURE, REFUSED with Ocean Provider's codes, CHAIN_UNAVAILABLE, NOT_FOUND for a job to
 * restart that is not the caller's, BODY_TOO_LARGE, or STORE_UNAVAILABLE. The same signed body again answers with the job it created.
 */
export function createSubmit(options: SubmitOptions): (submission: Submission) => Promise<JobRow> {
  const { store, clock, log, onStored, newJobId, authenticate, nonces, orders, room } = options;

  const requireRoom = ({ caller, network, paid }: Asking, bytes: number) =>
    room.require({ owner: caller.address, network }, { bytes, isPaid: paid !== undefined });

  const known = ({ address, nonce }: Caller, bodyHash: string) => {
    const job = store.jobs.byNonce(address, nonce);
    return job?.bodyHash === bodyHash ? job : undefined;
  };

  const create = (checked: Checked) => {
    const { caller, spec, text, request, bodyHash } = checked;
    return store.jobs.add(
      {
        jobId: newJobId(),
        owner: caller.address,
        ownerShown: getAddress(caller.address),
        environment: spec.environment,
        documentId: fullDid(request.dataset.documentId),
        agreementId: agreementIdOf(request.dataset.transferTxId),
        algoDid: algoDidOf(spec),
        inputDids: spec.datasets.map(({ ddo }) => ddo.id),
        nonce: caller.nonce,
        bodyHash,
        dateCreated: clock.now(),
        ...originOf(checked),
      },
      text,
    );
  };

  const restart = (job: JobRow, checked: Checked) => {
    const { caller, spec, text, bodyHash } = checked;
    const next = {
      environment: spec.environment,
      algoDid: algoDidOf(spec),
      inputDids: spec.datasets.map(({ ddo }) => ddo.id),
      nonce: caller.nonce,
      bodyHash,
      ...originOf(checked),
    };
    store.pastRuns.keep(job.jobId, job.run);
    const restarted = store.jobs.restart(job, next, text);
    if (!restarted) throw notEnded();
    forgetOrder(store, job.jobId);
    return restarted;
  };

  const save = (transaction: Transaction, submission: Checked): JobRow => {
    // Of two of the same that came at once, the second finds the first one's job.
    const twin = known(submission.caller, submission.bodyHash);
    if (twin) return twin;
    nonces.spend(submission.caller.address, submission.caller.nonce, submission.network);
    const ended = toRestart(submission, store);
    const paidOrders = submission.paid?.orders ?? [];
    // Of two jobs that come at once under one order, the second finds the first one's.
    if (paidOrders.some(store.jobOrders.isInUse)) throw orderInUse();
    requireRoom(submission, Buffer.byteLength(submission.text));
    const job = ended ? restart(ended, submission) : create(submission);
    submission.paid?.receipts.forEach(store.receipts.add);
    if (paidOrders.length > 0 || ended)
      store.jobOrders.set(
        job.jobId,
        paidOrders.map((order) => ({ ...order, validUntil: order.fee.validUntil })),
      );
    store.jobResources.set(job.jobId, submission.spec.resources);
    const event = jobEvent({ jobId: job.jobId, run: job.run, attempt: 0, code: 1, at: clock.now() });
    transaction.announce({ cursor: store.events.append(event, job), event, job });
    return job;
  };

  return async ({ request, proof, bodyHash, network = '' }) => {
    const { consumerAddress, jobId, dataset } = request;
    const text = (nonce: string) => startMessage({ consumerAddress, jobId, documentId: dataset.documentId, nonce });
    const caller = await authenticate.prove(request, { purpose: 'start', text }, proof);
    const before = known(caller, bodyHash);
    if (before) return before;
    authenticate.admit(caller);
    // Before anything is looked up for a restart that can't be.
    toRestart({ request, caller }, store);

    // Before anybody outside is asked, for a job that would be refused.
    const isPaid = requireEnvironment(request.environment, options.runners).orders === 'chain';
    room.require({ owner: caller.address, network }, { bytes: 0, isPaid });
    const asked = await specOf(request, caller.address, options);
    const environment = requireEnvironment(asked.spec.environment, options.runners);
    const paid =
      environment.orders === 'chain'
        ? await orders.verify(orderedBy(request, asked.spec), { environment, caller: caller.address })
        : undefined;
    const checked = { request, bodyHash, network, caller, paid, ...(paid ? withinPaid(asked.spec, paid) : asked) };
    const job = await store.write((transaction) => save(transaction, checked));
    log.info({ jobId: job.jobId, run: job.run, owner: job.owner, environment: job.environment }, 'job accepted');
    onStored();
    return job;
  };
}

type Asking = Pick<Checked, 'caller' | 'network' | 'paid'>;

const originOf = ({ network, paid }: Asking) => ({ network, isPaid: paid !== undefined });

function withinPaid(spec: JobSpec, { paidS }: PaidOrders): SpecAndText {
  const bounded = { ...spec, maxDurationS: paidS };
  return { spec: bounded, text: JSON.stringify(bounded) };
}

const algoDidOf = ({ algorithm }: JobSpec) => (algorithm.kind === 'published' ? algorithm.asset.ddo.id : 'raw');
