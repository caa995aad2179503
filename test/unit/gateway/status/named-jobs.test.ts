import { expect } from 'chai';
import type { JobId } from '@capstan/shared/contract/ids';
import { createStatusTexts } from '../../../../services/gateway/src/status/status-texts.ts';
import type { Store } from '../../../../services/gateway/src/store/store.ts';
import { gatewayParts } from '../../../support/gateway/parts.ts';
import { aJobId, aNewJob, aNonce } from '../a-job.ts';

const FILES = 500;
const LONG_NAME = '"'.repeat(240);

/** A job that has ended with FILES results, each with a long name. */
function addFilled(store: Store, n: number): Promise<JobId> {
  return store.write(() => {
    const job = store.jobs.add(aNewJob({ jobId: aJobId(n), nonce: aNonce(n) }), '{}');
    store.jobs.advance(job, {
      state: { run: 1, attempt: 1, code: 70 },
      dateFinished: 2_000,
      expiresAt: null,
      termination: null,
      results: Array.from({ length: FILES }, (_, index) => ({
        filename: `${LONG_NAME}${index}`,
        filesize: 0,
        type: 'output',
        index,
      })),
      resultsDid: '',
    });
    return job.jobId;
  });
}

describe('jobs that are named by their ids', () => {
  it('are listened to if there are any: what no job is called will never be one', async () => {
    const { store, query } = gatewayParts();
    await store.write(() => store.jobs.add(aNewJob({ jobId: aJobId(7) }), '{}'));
    const invented = Array.from({ length: 98 }, (_, n) => aJobId(1_000 + n));
    const { jobIds } = await query.authorize({ jobs: [...invented, aJobId(7), 'nonsense'] });
    expect(jobIds).to.deep.equal([aJobId(7)]);
  });

  it('are still told of when they are deleted', async () => {
    const { store, query } = gatewayParts();
    const { jobId, owner } = aNewJob({ jobId: aJobId(8) });
    await store.write(() => store.tombstones.add({ jobId, run: 1, owner, deletedAt: 1 }));
    const { jobIds } = await query.authorize({ jobs: [aJobId(1_000), aJobId(8)] });
    expect(jobIds).to.deep.equal([aJobId(8)]);
  });

  it('are not everybody’s if there is none of them', async () => {
    const { store, query, snapshots, live } = gatewayParts();
    await store.write(() => store.jobs.add(aNewJob(), '{}'));
    const selection = await query.authorize({ jobs: [aJobId(1_000), aJobId(1_001)] });
    expect(snapshots.take(selection, {}).jobs).to.deep.equal([]);
    expect(live.after(selection, 0, 10).events).to.deep.equal([]);
  });

  it('show all that they left where one is named, and the first of it where many have left much', async () => {
    const { store, snapshots } = gatewayParts();
    const jobIds: JobId[] = [];
    for (let n = 1; n <= 20; n += 1) jobIds.push(await addFilled(store, n));
    const [jobId = ''] = jobIds;
    expect(snapshots.take({ jobId }, {}).jobs[0]?.results).to.have.length(FILES);
    expect(snapshots.take({ jobIds: [jobId, aJobId(1_000)] }, {}).jobs[0]?.results).to.have.length(FILES);

    const { jobs } = snapshots.take({ jobIds }, {});
    expect(jobs.map((job) => job.jobId)).to.deep.equal(jobIds.toReversed());
    expect(jobs.every(({ results, resultsOmitted = 0 }) => results.length + resultsOmitted === FILES)).to.equal(true);
    expect(JSON.stringify(jobs).length).to.be.lessThan(2_000_000);
  });

  it('are kept as texts up to a bound of characters, however many there are', async () => {
    const { store, show, whatIsTrue } = gatewayParts();
    const shown: string[] = [];
    const texts = createStatusTexts({
      store,
      show: (row, dates) => {
        shown.push(row.jobId);
        return show(row, dates);
      },
      whatIsTrue,
      maxJobs: 1_000,
    });
    const [first, ...others] = Array.from({ length: 80 }, (_, index) => aJobId(index + 1));
    const ask = (jobId = '') => texts({ jobId }, 'unix');
    for (let n = 1; n <= 80; n += 1) await addFilled(store, n);
    ask(first);
    ask(first);
    expect(shown).to.deep.equal([first]);
    others.forEach((jobId) => ask(jobId));
    ask(first);
    expect(shown.filter((jobId) => jobId === first)).to.have.length(2);
  });
});
