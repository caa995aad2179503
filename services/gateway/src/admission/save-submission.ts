/** What was checked of a start request becomes rows: job or next run, nonce, orders, resources and first event, in the caller's transaction. */
import { getAddress } from 'ethers';
import { fullDid, type JobId } from '@capstan/shared/contract/ids';
import type { JobSpec } from '@capstan/shared/contract/job';
import { jobEvent } from '@capstan/shared/contract/messages';
import type { Clock } from '@capstan/shared/runtime/clock';
import type { StartRequest } from '@capstan/shared/contract/api';
import type { Proof } from '../auth/credentials.ts';
import type { Caller } from '../auth/authenticate.ts';
import type { NonceBook } from '../auth/nonce-book.ts';
import { agreementIdOf } from '../orders/agreement-id.ts';
import type { PaidOrders } from '../orders/orders.ts';
import { orderInUse } from '../orders/refusals.ts';
import { forgetOrder } from '../quotas/kept-orders.ts';
import type { Room } from '../quotas/room.ts';
import type { Transaction } from '../store/commit.ts';
import type { JobRow } from '../store/job-row.ts';
import type { Store } from '../store/store.ts';
import { notEnded, toRestart } from './restart.ts';
import type { SpecAndText } from './spec.ts';

export interface Submission {
  readonly request: StartRequest;
  readonly proof?: Proof | undefined;
  /** SHA-256 of the request's body, hex: by it a repeated request is known. */
  readonly bodyHash: string;
  /** Where it came from. */
  readonly network?: string;
}

/** All that is known of a submission when it is stored. */
export interface Checked extends Submission, SpecAndText {
  readonly network: string;
  readonly caller: Caller;
  /** Where the environment wants orders on a chain. */
  readonly paid: PaidOrders | undefined;
}

interface SaveOptions {
  readonly store: Store;
  readonly nonces: Pick<NonceBook, 'spend'>;
  readonly newJobId: () => JobId;
  readonly clock: Clock;
  /** Quotas: throws for what would be too much. */
  readonly room: Pick<Room, 'require'>;
}

/** `known`: the job that the very same body has made before. `save` throws what `createSubmit` rejects with, and then nothing is stored. */
export function createSave({ store, nonces, newJobId, clock, room }: SaveOptions) {
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

  return { known, save };
}

type Asking = Pick<Checked, 'caller' | 'network' | 'paid'>;

const originOf = ({ network, paid }: Asking) => ({ network, isPaid: paid !== undefined });

const algoDidOf = ({ algorithm }: JobSpec) => (algorithm.kind === 'published' ? algorithm.asset.ddo.id : 'raw');
