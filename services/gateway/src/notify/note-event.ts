/** Which events an owner's webhook hears of: the beginning of a run, once, and its end. Noted with the event, in its transaction. */
import type { JobEvent } from '@capstan/shared/contract/messages';
import { STATUS } from '@capstan/shared/contract/status';
import type { JobRow } from '../store/job-row.ts';
import type { Store } from '../store/store.ts';

/** Each that waits is passed over in each round: of a network that is so far behind, no more are kept. */
const MOST_OF_A_NETWORK = 4_000;

/** `job`: as the event left it. */
export function noteForWebhook(store: Pick<Store, 'notifications'>, event: JobEvent, job: JobRow): void {
  if (!isTold(event, job)) return;
  const receiver = store.notifications.receiverOf(job.jobId);
  if (!receiver) return;
  if (store.notifications.countOf(receiver.network, MOST_OF_A_NETWORK) >= MOST_OF_A_NETWORK) return;
  const { jobId, run, code, at, details } = event;
  store.notifications.add({ jobId, run, code, at, details, ...receiver });
}

/** A run that is begun anew, after its runner was lost, does not begin a second time for its owner. */
const isTold = ({ n, code, attempt }: JobEvent, { dateFinished }: JobRow): boolean =>
  n > 0 && ((code === STATUS.started.code && attempt === 1) || dateFinished !== null);
