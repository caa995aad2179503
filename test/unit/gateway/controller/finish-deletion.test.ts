import type { JobId } from '@capstan/shared/contract/ids';
import { jobEvent } from '@capstan/shared/contract/messages';
import { expect } from 'chai';
import { recordEvent } from '../../../../services/gateway/src/events/record-event.ts';
import { createFinishDeletion } from '../../../../services/gateway/src/controller/finish-deletion.ts';
import type { StoredEvent } from '../../../../services/gateway/src/store/events.ts';
import { gatewayParts } from '../../../support/gateway/parts.ts';
import { aJobId, aNewJob } from '../a-job.ts';

describe('the deletion of an ended job', () => {
  const aScene = async () => {
    const parts = gatewayParts();
    const { store } = parts;
    const removed: JobId[] = [];
    const announced: StoredEvent[] = [];
    const results = {
      list: () => Promise.resolve(undefined),
      open: () => Promise.resolve(undefined),
      remove: (jobId: JobId) => Promise.resolve(void removed.push(jobId)),
    };
    const resultAssets = { remove: () => Promise.resolve() };
    const finish = createFinishDeletion({ ...parts, results, resultAssets });
    const jobId = aJobId();
    await store.write((transaction) => {
      store.jobs.add(aNewJob(), '{}');
      for (const code of [40, 70] as const) {
        recordEvent(store, transaction, jobEvent({ jobId, run: 1, attempt: 1, code, at: 1_000 }));
      }
      store.jobs.want(jobId, 'deleted');
    });
    store.onCommitted((events) => void announced.push(...events));
    const job = store.jobs.find(jobId);
    if (!job) throw new Error('no job');
    return { store, finish, job, jobId, removed, announced };
  };

  it('leaves a tombstone, and of its events the last one, that it was deleted', async () => {
    const { store, finish, job, jobId, removed, announced } = await aScene();
    await finish(job);
    expect(removed).to.deep.equal([jobId]);
    expect(store.jobs.find(jobId)).to.equal(undefined);
    expect(store.jobs.spec(jobId)).to.equal(undefined);
    expect([40, 70, 8].map((code) => store.events.has(jobId, code as 8))).to.deep.equal([false, false, true]);
    expect(store.tombstones.find(jobId)).to.include({ owner: job.owner, run: 1 });
    expect(announced.map(({ event }) => event.code)).to.deep.equal([8]);
  });

  it('is done once, whoever wants it at the same time or later', async () => {
    const { finish, job, removed, announced } = await aScene();
    await Promise.all([finish(job), finish(job), finish(job)]);
    expect(removed).to.have.length(1);
    await finish(job);
    expect(announced.map(({ event }) => event.code)).to.deep.equal([8]);
  });
});
