import { expect } from 'chai';
import type { JobId } from '@capstan/shared/contract/ids';
import { createLog } from '@capstan/shared/runtime/log';
import { createDeletions } from '../../../../services/gateway/src/controller/deletions.ts';
import type { JobRow } from '../../../../services/gateway/src/store/job-row.ts';
import { gatewayParts } from '../../../support/gateway/parts.ts';
import { aJobId, aNewJob } from '../a-job.ts';

const log = createLog('test', 'silent');

describe('deletions whose results can not be reached', () => {
  async function scene(count: number) {
    const { store } = gatewayParts();
    await store.write(() => {
      for (let n = 1; n <= count; n += 1) store.jobs.add(aNewJob({ jobId: aJobId(n) }), '{}');
    });
    const jobs = Array.from({ length: count }, (_, index) => store.jobs.find(aJobId(index + 1))).filter(
      (job): job is JobRow => job !== undefined,
    );
    const time = { nowMs: 0 };
    const tried: JobId[] = [];
    const answers = new Map<JobId, PromiseWithResolvers<void>>();
    const finish = async ({ jobId }: JobRow) => {
      tried.push(jobId);
      const answer = Promise.withResolvers<void>();
      answers.set(jobId, answer);
      await answer.promise;
    };
    const deletions = createDeletions({ finish, clock: { monotonicMs: () => time.nowMs }, log });
    const fail = async (jobId: JobId) => {
      answers.get(jobId)?.reject(new Error('away'));
      await new Promise(setImmediate);
    };
    return { jobs, time, tried, answers, deletions, fail };
  }

  it('hold up nobody who asks for them, and no other deletion beyond a few', async () => {
    const { jobs, tried, answers, deletions } = await scene(6);
    for (const job of [...jobs, ...jobs]) deletions.attempt(job);
    expect(tried).to.have.length(4);
    for (const answer of answers.values()) answer.resolve();
    await deletions.idle();
    for (const job of jobs.slice(4)) deletions.attempt(job);
    expect(tried).to.deep.equal(jobs.map(({ jobId }) => jobId));
    for (const answer of answers.values()) answer.resolve();
    await deletions.idle();
    expect(deletions.waiting()).to.equal(0);
  });

  it('come back later and later, and are forgotten when they are done', async () => {
    const { jobs, time, tried, answers, deletions, fail } = await scene(1);
    const [job] = jobs;
    if (!job) expect.fail('no job');
    const delays: number[] = [];
    for (let round = 0; round < 8; round += 1) {
      deletions.attempt(job);
      await fail(job.jobId);
      expect(deletions.waiting()).to.equal(1);
      const failedAt = time.nowMs;
      const before = tried.length;
      while (tried.length === before) {
        time.nowMs += 5_000;
        deletions.attempt(job);
      }
      delays.push(time.nowMs - failedAt);
      await fail(job.jobId);
      time.nowMs += 700_000;
    }
    expect(delays[0]).to.equal(15_000);
    expect(delays).to.deep.equal(delays.toSorted((one, other) => one - other));
    expect(delays.at(-1)).to.equal(600_000);
    deletions.attempt(job);
    answers.get(job.jobId)?.resolve();
    await deletions.idle();
    expect(deletions.waiting()).to.equal(0);
  });
});
