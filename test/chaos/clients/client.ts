/** A consumer that goes on and on: orders, waits, stops, deletes, restarts, polls, downloads, follows, and never gives up. */
import { setTimeout as pause } from 'node:timers/promises';
import type { Address, JobId } from '@capstan/shared/contract/ids';
import { isEnding } from '@capstan/shared/contract/status';
import { freeOrder, type Order } from '../../../scripts/parts/consumer.ts';
import { createCaller } from '../../support/gateway/caller.ts';
import type { Traces } from '../../support/audit/traces/entries.ts';
import type { Chance } from '../chance.ts';
import { follow, type Live } from './live.ts';
import { createRequests, type Requests } from './requests.ts';
import { someWork } from './work.ts';

export interface Client {
  readonly owner: Address;
  readonly live: Live;
  readonly requests: Requests;
  /** An order of its own for some code. */
  order(rawcode: string): Order;
  /** Goes on until the signal aborts. */
  work(): Promise<void>;
}

interface ClientOptions {
  readonly name: string;
  readonly url: string;
  /** A new order for the code. */
  readonly orderOf: (rawcode: string) => Order;
  readonly traces: Traces;
  readonly chance: Chance;
  readonly signal: AbortSignal;
}

/** More than so many jobs at once, a client does not have. */
const MOST_UNFINISHED = 5;

export function createClient({ name, url, orderOf, traces, chance, signal }: ClientOptions): Client {
  const caller = createCaller(() => url);
  const owner = caller.address.toLowerCase() as Address;
  const requests = createRequests({ url, caller, traces, signal });
  const live = follow({ url, owner, session: name, traces });
  /** What each job was ordered with, to order it again. */
  const orders = new Map<JobId, { readonly order: Order; run: number }>();

  const order = async () => {
    if (live.unfinished() >= MOST_UNFINISHED) return;
    const wanted = orderOf(someWork(chance));
    const jobId = await requests.start(wanted);
    if (jobId) orders.set(jobId, { order: wanted, run: 1 });
  };
  const some = (isMeant: (jobId: JobId) => boolean) => {
    const meant = [...orders.keys()].filter(isMeant);
    return meant[chance.between(0, Math.max(0, meant.length - 1))];
  };
  const hasEnded = (jobId: JobId) => {
    const job = live.jobs.get(jobId);
    return job !== undefined && isEnding(job.code);
  };
  const restart = async () => {
    const jobId = some(hasEnded);
    const known = jobId && orders.get(jobId);
    if (!known) return;
    const run = known.run + 1;
    const again = { ...known.order, jobId };
    if (await requests.start(again, run)) known.run = run;
  };
  const download = async () => {
    const jobId = some((id) => (live.jobs.get(id)?.results.length ?? 0) > 0);
    const job = jobId && live.jobs.get(jobId);
    if (!job) return;
    const { index } = chance.of(job.results as [(typeof job.results)[number]]);
    await requests.download(jobId, job.run, index);
  };
  const listenAWhile = async () => {
    const second = follow({ url, owner, session: `${name} ${chance.next()}`, traces });
    await pause(chance.between(200, 3_000), undefined, { signal }).catch(() => undefined);
    await second.close();
  };
  const remove = async () => {
    const jobId = some(() => true);
    if (!jobId) return;
    orders.delete(jobId);
    await requests.remove(jobId);
  };
  const stop = async () => {
    const jobId = some((id) => !hasEnded(id));
    if (jobId) await requests.stop(jobId);
  };
  const poll = () => requests.poll();

  const replay = () => requests.replay(orderOf(someWork(chance)));
  /** As often as they are named. */
  const actions: readonly [() => Promise<void>, ...(() => Promise<void>)[]] = [
    order,
    order,
    order,
    order,
    order,
    order,
    order,
    order,
    stop,
    stop,
    remove,
    restart,
    restart,
    download,
    download,
    poll,
    poll,
    listenAWhile,
    replay,
  ];

  return {
    owner,
    live,
    requests,
    order: orderOf,
    async work() {
      while (!signal.aborted) {
        await chance.of(actions)();
        await pause(chance.between(50, 1_200), undefined, { signal }).catch(() => undefined);
      }
    },
  };
}

export const orderOn =
  (environment: string, dataset: Order['dataset'], algorithm: (rawcode: string) => Order['algorithm']) =>
  (rawcode: string): Order => ({
    environment,
    dataset: { ...dataset, transferTxId: freeOrder() },
    algorithm: algorithm(rawcode),
  });
