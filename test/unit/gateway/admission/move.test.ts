import type { JobId } from '@capstan/shared/contract/ids';
import type { JobSpec } from '@capstan/shared/contract/job';
import { createLog } from '@capstan/shared/runtime/log';
import { expect } from 'chai';
import { createMove } from '../../../../services/gateway/src/admission/move.ts';
import type { EnvironmentState, Runners } from '../../../../services/gateway/src/scheduling/runners.ts';
import { openStore } from '../../../../services/gateway/src/store/store.ts';
import { ENVIRONMENT } from '../../../support/gateway/parts.ts';
import { aJobId, aNewJob, anEnvironment, aNonce } from '../a-job.ts';

const offered = { ...ENVIRONMENT, id: anEnvironment('to') };
const state = { environment: offered, isLive: true, isWithdrawn: false } as EnvironmentState;
interface There {
  readonly isLive: boolean;
  readonly inHand?: readonly JobId[];
}
const runners = ({ isLive, inHand = [] }: There) =>
  ({
    environment: (id: string) => (id === 'to' ? state : undefined),
    environments: () => [state],
    isLive: () => isLive,
    isAnnounced: (jobId: JobId) => inHand.includes(jobId),
  }) as unknown as Runners;
const spec = { environment: 'from', datasets: [], algorithm: { kind: 'raw' } } as unknown as JobSpec;

const around = { clock: { now: () => 1_000 }, log: createLog('test', 'silent') };

describe('jobs that are moved to another environment', () => {
  it('are those that wait and were not paid: each keeps its place, and its spec names the new one', async () => {
    const store = openStore(':memory:');
    const text = JSON.stringify(spec);
    const from = anEnvironment('from');
    for (let n = 1; n <= 45; n += 1) {
      const job = { jobId: aJobId(n), environment: from, nonce: aNonce(n), isPaid: n === 3 };
      store.jobs.add(aNewJob(job), text);
    }
    store.queue.markSent(aJobId(7), 1_000);
    let woken = 0;
    const move = createMove({ store, runners: runners({ isLive: true }), ...around, onMoved: () => (woken += 1) });
    const { moved, stayed, stayedCount } = await move({ from: 'from', to: 'to' });
    expect([moved, stayedCount, woken]).to.deep.equal([43, 2, 1]);
    expect(stayed.map(({ jobId }) => jobId)).to.have.members([aJobId(3), aJobId(7)]);
    expect(stayed.find(({ jobId }) => jobId === aJobId(3))?.reason).to.contain('its order stays usable');
    expect(stayed.find(({ jobId }) => jobId === aJobId(7))?.reason).to.contain('was sent to a runner');
    const names = [1, 3, 7, 45].map((n) => store.jobs.find(aJobId(n))?.environment);
    expect(names).to.deep.equal(['to', 'from', 'from', 'to']);
    expect(JSON.parse(store.jobs.spec(aJobId(1)) ?? '')).to.include({ environment: 'to' });
    expect(store.queue.firstWaiting(offered.id, 1)[0]?.jobId).to.equal(aJobId(1));
    expect(store.tallies.of({ environment: offered.id })).to.include({ waiting: 43 });
    store.close();
  });

  it('are also those that were sent to an environment that is gone, as long as no runner has begun with them', async () => {
    const store = openStore(':memory:');
    for (let n = 1; n <= 25; n += 1) {
      const jobId = aJobId(n);
      const job = { jobId, environment: anEnvironment('from'), nonce: aNonce(n), isPaid: n === 3 };
      store.jobs.add(aNewJob(job), JSON.stringify(spec));
      store.queue.markSent(jobId, 1_000);
    }
    store.jobs.claimStart({ jobId: aJobId(4), run: 1, attempt: 1, runnerId: 'r' });
    const there = runners({ isLive: false, inHand: [aJobId(5)] });
    const { moved, stayed } = await createMove({ store, runners: there, ...around, onMoved: () => undefined })({
      from: 'from',
      to: 'to',
    });
    expect(moved).to.equal(22);
    const reasonOf = (n: number) => stayed.find(({ jobId }) => jobId === aJobId(n))?.reason;
    expect(reasonOf(3)).to.contain('It was paid');
    for (const n of [4, 5]) expect(reasonOf(n)).to.contain('A runner has begun with it');
    // They wait for their turn there, and are sent once more.
    expect(store.tallies.of({ environment: offered.id })).to.include({ waiting: 22, running: 0 });
    expect(store.queue.markSent(aJobId(1), 2_000)).to.deep.equal({ run: 1, sending: 2 });
    store.close();
  });

  it('have an event that says so to their owner, each time', async () => {
    const store = openStore(':memory:');
    const jobId = aJobId(1);
    store.jobs.add(aNewJob({ jobId, environment: anEnvironment('from') }), JSON.stringify(spec));
    const heard: string[] = [];
    store.onCommitted((stored) => heard.push(...stored.map(({ job }) => job.environment)));
    const move = createMove({ store, runners: runners({ isLive: true }), ...around, onMoved: () => undefined });
    for (let time = 0; time < 2; time += 1) {
      await move({ from: 'from', to: 'to' });
      const job = store.jobs.find(jobId);
      store.jobs.move({ jobId, from: 'to', to: 'from' }, JSON.stringify(spec));
      expect(job?.environment).to.equal('to');
    }
    expect(heard).to.deep.equal(['to', 'to']);
    expect(store.events.after({ jobId }, 0, 10).events.map(({ event }) => event.code)).to.deep.equal([1, 1]);
    store.close();
  });
});
