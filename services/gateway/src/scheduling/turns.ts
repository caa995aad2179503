/**
 * How turns are counted, for `fair-share` to go by: a job that waited is given a place, and its owner's turn comes after all others. Where
 * nobody paid, so does its network's: its turn is a place in the order of acceptance, behind all jobs that were accepted by now and before
 * all that come later.
 */
import type { JobId } from '@capstan/shared/contract/ids';
import type { Store } from '../store/store.ts';

interface Sent {
  readonly run: number;
  /** How often its command has gone out, this time included. */
  readonly sending: number;
}

/** Notes, inside a transaction, that the start command of a job goes out now. Undefined if the job has ended. */
export function takeTurn(store: Pick<Store, 'queue' | 'turns'>, jobId: JobId, at: number): Sent | undefined {
  // Of a command that goes out again nothing is counted.
  const turn = store.turns.ofWaiting(jobId);
  const sent = store.queue.markSent(jobId, at);
  if (!sent || !turn) return sent;
  const { environment, owner, network, isPaid, lastOfOwners, lastOfNetworks, lastAccepted, firstWaiting } = turn;
  store.turns.setOwner(environment, owner, lastOfOwners + 1);
  if (isPaid || network === '') return sent;
  store.turns.setNetwork(environment, network, Math.max(lastOfNetworks + 1, lastAccepted));
  // What lies before all that wait decides nothing any more.
  store.turns.forgetNetworks(environment, firstWaiting ?? lastAccepted);
  return sent;
}
