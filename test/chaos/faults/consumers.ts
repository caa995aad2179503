/** What consumers and the broker do that is hard on a node: nonces under contention, messages again and late, an owner who floods it. */
import type { JobId } from '@capstan/shared/contract/ids';
import { isEnding } from '@capstan/shared/contract/status';
import { quickWork, someWork } from '../clients/work.ts';
import type { Fault } from './fault.ts';

const nonceRace: Fault = {
  id: 'F16',
  name: 'fifty orders come under one nonce',
  touches: ['clients'],
  async inject({ clients: [client], newClient }, chance) {
    const racer = newClient(`racer ${chance.next()}`);
    await racer.requests.race(client.order(quickWork()));
  },
};

const repeated: Fault = {
  id: 'F18',
  name: 'commands and events come again, late and in any order',
  touches: ['nats'],
  inject: ({ repeater }, chance) => repeater.repeat(chance),
};

/** Stops and deletes while the job passes from one step to the next. */
const unwelcome: Fault = {
  id: 'F18',
  name: 'jobs are stopped and deleted at every moment of their lives',
  touches: ['clients'],
  async inject({ clients: [client], newClient, hold }, chance) {
    const crowd = Array.from({ length: 4 }, (_, index) => newClient(`unwelcome ${chance.next()} ${index}`));
    const ends = crowd.map(async ({ requests }) => {
      const jobId = await requests.start(client.order(someWork(chance)));
      if (!jobId) return;
      await hold(chance.between(0, 3_000));
      if (chance.next() < 0.6) await requests.stop(jobId);
      if (chance.next() < 0.7) await requests.remove(jobId);
    });
    await Promise.all(ends);
  },
};

const FLOOD = 25;

const BEGINS_WITHIN_MS = 120_000;
const WATCHED_MS = 5_000;

const flood: Fault = {
  id: 'F25',
  name: 'one owner floods the node, another has one job',
  touches: ['clients', 'engine', 'runner', 'nats', 'gateway', 'results'],
  async inject({ clients: [client], newClient, hold, breach }, chance) {
    const flooder = newClient(`flooder ${chance.next()}`);
    const other = newClient(`other ${chance.next()}`);
    const waiting: (JobId | undefined)[] = [];
    for (let count = 0; count < FLOOD; count += 1)
      waiting.push(await flooder.requests.start(client.order(quickWork())));
    const hasBegun = ({ live }: typeof other, jobId: JobId | undefined) =>
      jobId !== undefined && (live.jobs.get(jobId)?.code ?? 1) !== 1;
    const only = await other.requests.start(client.order(quickWork()));
    if (!only) return;
    await other.live.until(() => hasBegun(other, only), AbortSignal.timeout(BEGINS_WITHIN_MS));
    // How many slots are left to the two depends on the other owners: what must not be is that the flood goes first.
    if (waiting.every((jobId) => hasBegun(flooder, jobId)))
      breach(`all ${FLOOD} jobs of one owner began before the only one of another`);
    await hold(WATCHED_MS);
    // The rest is not needed any more.
    for (const jobId of waiting) {
      const code = jobId && flooder.live.jobs.get(jobId)?.code;
      if (jobId && code !== undefined && !isEnding(code)) await flooder.requests.stop(jobId);
    }
  },
};

export const CONSUMER_FAULTS: readonly Fault[] = [nonceRace, repeated, unwelcome, flood];
