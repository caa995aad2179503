/** A start request becomes a job, or the next run of one: checked, then stored with nonce, spec and first event in one transaction. */
import type { Clock } from '@capstan/shared/runtime/clock';
import type { JobId } from '@capstan/shared/contract/ids';
import type { JobSpec } from '@capstan/shared/contract/job';
import type { Log } from '@capstan/shared/runtime/log';
import type { Room } from '../quotas/room.ts';
import type { Authenticate } from '../auth/authenticate.ts';
import { startMessage } from '../auth/message.ts';
import type { NonceBook } from '../auth/nonce-book.ts';
import type { JobRow } from '../store/job-row.ts';
import type { Store } from '../store/store.ts';
import type { Orders, PaidOrders } from '../orders/orders.ts';
import { orderedBy } from './ordered.ts';
import { toRestart } from './restart.ts';
import { createSave, type Checked, type Submission } from './save-submission.ts';
import { requireEnvironment, specOf, type SpecAndText, type SpecOptions } from './spec.ts';

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

/**
 * Resolves to the job once it is on disk. Rejects with INVALID_SIGNATURE, REFUSED with Ocean Provider's codes, CHAIN_UNAVAILABLE, NOT_FOUND for a job to
 * restart that is not the caller's, BODY_TOO_LARGE, or STORE_UNAVAILABLE. The same signed body again answers with the job it created.
 */
export function createSubmit(options: SubmitOptions): (submission: Submission) => Promise<JobRow> {
  const { store, log, onStored, authenticate, orders, room } = options;
  const { known, save } = createSave(options);

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
    const checked: Checked = {
      request,
      bodyHash,
      network,
      caller,
      paid,
      ...(paid ? withinPaid(asked.spec, paid) : asked),
    };
    const job = await store.write((transaction) => save(transaction, checked));
    log.info({ jobId: job.jobId, run: job.run, owner: job.owner, environment: job.environment }, 'job accepted');
    onStored();
    return job;
  };
}

function withinPaid(spec: JobSpec, { paidS }: PaidOrders): SpecAndText {
  const bounded = { ...spec, maxDurationS: paidS };
  return { spec: bounded, text: JSON.stringify(bounded) };
}
