import { expect } from 'chai';
import fc from 'fast-check';
import { openStore } from '../../../../services/gateway/src/store/store.ts';
import { aJobId, anAddress, anEnvironment, aNewJob, aNonce } from '../a-job.ts';

const OWNERS = [1, 2];
const ENVIRONMENTS = ['a', 'b'];
const step = fc.record({
  what: fc.constantFrom('add', 'send', 'end', 'restart', 'remove'),
  n: fc.integer({ min: 1, max: 6 }),
});

describe('how many jobs there are', () => {
  it('is known after every change, of each owner and environment and of all', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
        const store = openStore(':memory:');
        const apply = ({ what, n }: (typeof steps)[number]) => {
          const job = store.jobs.find(aJobId(n));
          const environment = anEnvironment(ENVIRONMENTS[n % 2]);
          const ended = { expiresAt: 9, resultsDid: '', termination: null, results: [], dateFinished: 2_000 };
          if (what === 'add' && !job)
            store.jobs.add(
              aNewJob({ jobId: aJobId(n), nonce: aNonce(n), owner: anAddress(1 + (n % 3 === 0 ? 1 : 0)), environment }),
              '{}',
            );
          if (!job) return;
          if (what === 'send') store.queue.markSent(job.jobId, 5);
          if (what === 'end' && job.dateFinished === null)
            store.jobs.advance(job, { ...ended, state: { run: job.run, attempt: 1, code: 70 } });
          if (what === 'restart' && job.dateFinished !== null) {
            const { algoDid, inputDids, nonce, bodyHash } = job;
            const other = anEnvironment(ENVIRONMENTS[(n + 1) % 2]);
            store.jobs.restart(job, { environment: other, algoDid, inputDids, nonce, bodyHash }, '{}');
          }
          if (what === 'remove') store.jobs.remove(job.jobId);
        };
        await store.write(() => steps.forEach(apply));
        for (const filter of [
          {},
          ...OWNERS.map((n) => ({ owner: anAddress(n) })),
          ...ENVIRONMENTS.map((environment) => ({ environment })),
          ...OWNERS.flatMap((n) => ENVIRONMENTS.map((environment) => ({ owner: anAddress(n), environment }))),
        ]) {
          const states = store.statuses.keys(filter, {}, 100).keys.map(({ state }) => state);
          const of = (state: string) => states.filter((each) => each === state).length;
          const expected = { waiting: of('waiting'), running: of('running'), ended: of('ended') };
          expect(store.tallies.of(filter), JSON.stringify(filter)).to.deep.equal(expected);
        }
        expect(store.tallies.of({ documentId: 'did:op:1' })).to.equal(undefined);
        store.close();
      }),
      { numRuns: 30 },
    );
  });
});
