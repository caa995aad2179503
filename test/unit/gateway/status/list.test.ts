import { expect } from 'chai';
import { jobEvent } from '@capstan/shared/contract/messages';
import type { ResultFile } from '@capstan/shared/contract/job';
import type { StatusObject } from '@capstan/shared/contract/api';
import type { StatusCode } from '@capstan/shared/contract/status';
import { recordEvent } from '../../../../services/gateway/src/events/record-event.ts';
import { createListStatuses, type Asked } from '../../../../services/gateway/src/status/list.ts';
import { gatewayParts } from '../../../support/gateway/parts.ts';
import { aJobId, anAddress, aNewJob, aNonce } from '../a-job.ts';

/** A store with so many jobs of one owner, all waiting, and a list that counts the turns it takes. */
async function jobsOf(count: number) {
  const parts = gatewayParts();
  const { store, show } = parts;
  await store.write(() => {
    for (let n = 1; n <= count; n += 1) store.jobs.add(aNewJob({ jobId: aJobId(n), nonce: aNonce(n) }), '{}');
  });
  const seen = { turns: 0, rows: [] as number[], countAhead: 0, firstPlaces: 0 };
  const { countAhead, firstPlaces } = store.queue;
  Object.assign(store.queue, {
    countAhead: (...job: Parameters<typeof countAhead>) => ((seen.countAhead += 1), countAhead(...job)),
    firstPlaces: (...of: Parameters<typeof firstPlaces>) => ((seen.firstPlaces += 1), firstPlaces(...of)),
  });
  const list = createListStatuses({
    store,
    queuePass: parts.queuePass,
    whatIsTrue: parts.whatIsTrue,
    show(...of) {
      seen.rows[seen.turns] = (seen.rows[seen.turns] ?? 0) + 1;
      return show(...of);
    },
    takeSlice(work) {
      seen.turns += 1;
      return Promise.resolve(work());
    },
  });
  const page = async (asked: Partial<Asked> = {}) => {
    const { pieces, next, etag } = await list({ owner: anAddress() }, { limit: 1_000, dates: 'unix', ...asked });
    let text = '';
    if (typeof pieces === 'string') text = pieces;
    else for await (const piece of pieces) text += piece;
    const jobs = JSON.parse(text) as StatusObject[];
    return { jobs, ids: jobs.map(({ jobId }) => Number(jobId)), next, etag };
  };
  const record = (n: number, code: StatusCode, details: { results?: ResultFile[] } = {}) =>
    store.write((transaction) => {
      if (code !== 1) store.queue.markSent(aJobId(n), 5);
      return recordEvent(store, transaction, jobEvent({ jobId: aJobId(n), run: 1, attempt: 1, code, at: 9, details }));
    });
  return { ...parts, seen, page, record };
}

const downFrom = (from: number, to: number) => Array.from({ length: from - to + 1 }, (_, index) => from - index);

describe('a list of many jobs', () => {
  it('comes in pages, which together hold each job once', async () => {
    const { page } = await jobsOf(25);
    const first = await page({ limit: 10 });
    const second = await page({ limit: 10, cursor: first.next });
    const third = await page({ limit: 10, cursor: second.next });
    expect([...first.ids, ...second.ids, ...third.ids]).to.deep.equal(downFrom(25, 1));
    expect(third.next).to.equal(undefined);
    expect((await page({ limit: 25 })).next).to.equal(undefined);
  });

  it('never leaves a job that runs off its first page, however many came after', async () => {
    const { page, record } = await jobsOf(1_049);
    await record(3, 40);
    const first = await page();
    expect(first.ids).to.deep.equal([...downFrom(1_049, 51), 3]);
    const second = await page({ cursor: first.next });
    expect(second.ids).to.deep.equal(downFrom(50, 1));
  });

  it('is of the states that were asked for', async () => {
    const { page, record } = await jobsOf(6);
    await record(2, 40);
    await record(4, 70);
    expect((await page({ states: ['waiting'] })).ids).to.deep.equal([6, 5, 3, 1]);
    expect((await page({ states: ['running'] })).ids).to.deep.equal([2]);
    expect((await page({ states: ['ended', 'running'] })).ids).to.deep.equal([4, 2]);
    const first = await page({ states: ['waiting'], limit: 3 });
    expect((await page({ states: ['waiting'], limit: 3, cursor: first.next })).ids).to.deep.equal([1]);
  });

  it('looks up what its jobs have in common once, and says of each the place that it has alone', async () => {
    const { page, seen, show, store } = await jobsOf(300);
    const { jobs } = await page();
    expect(seen).to.deep.include({ countAhead: 0, firstPlaces: 1 });
    const alone = downFrom(300, 1).map(
      (n) => store.statuses.select({ jobId: aJobId(n) }, 1).map((row) => show(row).queue)[0],
    );
    expect(jobs.map(({ queue }) => queue)).to.deep.equal(alone);
  });

  it('of those that wait comes in the order of their turn, whatever lies between them', async () => {
    const { page, record } = await jobsOf(30);
    for (const n of [1, 2, 7, 29]) await record(n, 40);
    const waiting = { states: ['waiting'], order: 'oldest', limit: 10 } as const;
    const first = await page(waiting);
    const second = await page({ ...waiting, cursor: first.next });
    const third = await page({ ...waiting, cursor: second.next });
    const all = [...first.ids, ...second.ids, ...third.ids];
    expect(all).to.deep.equal(
      downFrom(30, 1)
        .filter((n) => ![1, 2, 7, 29].includes(n))
        .toReversed(),
    );
    expect(third.next).to.equal(undefined);
    expect((await page({ ...waiting, order: 'newest', limit: 2 })).ids).to.deep.equal([30, 28]);
    const running = { states: ['running'], limit: 3 } as const;
    const some = await page(running);
    expect(some.ids).to.deep.equal([29, 7, 2]);
    expect((await page({ ...running, cursor: some.next })).ids).to.deep.equal([1]);
  });

  it('holds of each job what a line shows, where that is asked for', async () => {
    const { page } = await jobsOf(1);
    const [whole] = (await page()).jobs;
    const [row] = (await page({ detail: 'row' })).jobs;
    expect(whole?.did).not.to.equal('');
    expect(row).to.include({ jobId: whole?.jobId, did: '', agreementId: '' });
  });

  it('is written in turns, a few jobs in each', async () => {
    const { page, seen } = await jobsOf(1_000);
    await page();
    expect(Math.max(...seen.rows.filter((rows) => rows > 0))).to.be.at.most(50);
  });

  it('shows the first results of a job, and says how many there are more; alone, the job shows all', async () => {
    const { page, record, snapshots } = await jobsOf(2);
    const results = Array.from({ length: 1_000 }, (_, index) => ({
      filename: `folder/of/outputs/part-${index}.csv`,
      filesize: 9,
      type: 'output' as const,
      index,
    }));
    const log = { filename: 'algorithm.log', filesize: 3, type: 'algorithmLog' as const, index: 1_000 };
    await record(1, 70, { results: [...results, log] });
    const [, job] = (await page()).jobs;
    expect(job?.results).to.have.length.within(10, 51);
    expect(job?.results.slice(0, -1)).to.deep.equal(results.slice(0, (job?.results.length ?? 0) - 1));
    expect(job?.algorithmLogUrl).to.match(/index=1000$/);
    expect(job?.resultsUrls).to.have.length(job?.results.filter(({ type }) => type === 'output').length ?? 0);
    expect(job?.resultsOmitted).to.equal(1_001 - (job?.results.length ?? 0));
    const [alone] = snapshots.take({ jobId: aJobId(1) }, {}).jobs;
    expect(alone?.results).to.have.length(1_001);
    expect(alone).not.to.have.property('resultsOmitted');
  });

  it('has an ETag where nothing of it can change without a change of its jobs', async () => {
    const { page, record } = await jobsOf(60);
    expect((await page()).etag).to.equal(undefined);
    for (let n = 1; n <= 60; n += 1) await record(n, 70);
    const { etag } = await page();
    expect(etag).to.be.a('string');
    expect((await page()).etag).to.equal(etag);
    expect((await page({ dates: 'iso' })).etag).not.to.equal(etag);
  });
});
