import { createHash } from 'node:crypto';
import { jobEvent, type JobEvent } from '@capstan/shared/contract/messages';
import { expect } from 'chai';
import { createConsumer, freeOrder } from '../../../../scripts/parts/consumer.ts';
import { recordEvent } from '../../../../services/gateway/src/events/record-event.ts';
import { gatewayParts, someAssets } from '../../../support/gateway/parts.ts';

const { dataset, algorithm } = someAssets();
const consumer = createConsumer('http://unused.example');
const order = {
  environment: 'local',
  dataset: { documentId: dataset.id, serviceId: dataset.services[0]?.id ?? '', transferTxId: freeOrder() },
  algorithm: { documentId: algorithm.id, serviceId: algorithm.services[0]?.id ?? '' },
};

async function aJob() {
  const parts = gatewayParts({ assets: [dataset, algorithm] });
  const submission = async (jobId?: string) => {
    const request = await consumer.startBody(jobId === undefined ? order : { ...order, jobId });
    return { request, bodyHash: createHash('sha256').update(JSON.stringify(request)).digest('hex') };
  };
  const job = await parts.submit(await submission());
  const { store, query, snapshots } = parts;
  const text = () => query.texts({ jobId: job.jobId }, 'unix').text;
  return {
    ...parts,
    job,
    submission,
    text,
    /** What REST says and what a subscriber's snapshot says are one. */
    expectTrue: () => {
      expect(text()).to.equal(JSON.stringify(snapshots.take({ jobId: job.jobId }, {}).jobs));
      expect(text()).to.equal(JSON.stringify(snapshots.take({ jobId: job.jobId }, {}).jobs));
    },
    record: (code: JobEvent['code'], run = 1) =>
      store.write((transaction) =>
        recordEvent(store, transaction, jobEvent({ jobId: job.jobId, run, attempt: 1, code, at: 2_000 })),
      ),
  };
}

describe('a status that is asked for again and again', () => {
  it('is true after every kind of change', async () => {
    const { store, job, submit, submission, record, expectTrue, text } = await aJob();
    expectTrue();
    for (const code of [10, 20, 30, 40] as const) {
      await record(code);
      expectTrue();
    }
    await store.write(() => store.jobs.want(job.jobId, 'stopped'));
    expectTrue();
    expect(JSON.parse(text())).to.have.nested.property('[0].stopreq', 1);
    await record(7);
    expectTrue();
    const again = await submission(job.jobId);
    await submit(again);
    expectTrue();
    expect(JSON.parse(text())).to.have.nested.property('[0].status', 1);
    await record(70, 2);
    expectTrue();
    await store.write(() => store.jobs.remove(job.jobId));
    expect(text()).to.equal('[]');
  });

  it('says how the queue moves, though its own job did not', async () => {
    const { query, submit, submission, job, record } = await aJob();
    const second = await submit(await submission());
    const text = () => query.texts({ jobId: second.jobId }, 'unix').text;
    expect(text()).to.contain('"position":2');
    await record(70);
    expect(text()).to.contain('"position":1');
    expect(query.texts({ jobId: job.jobId }, 'unix').text).to.contain('"queue":null');
  });

  it('is nothing to who names another owner with it, also when it was just asked for', async () => {
    const { query, job, record, text } = await aJob();
    await record(70);
    const other = createConsumer('http://unused.example').address.toLowerCase() as typeof job.owner;
    text();
    expect(query.texts({ jobId: job.jobId, owner: other }, 'unix').text).to.equal('[]');
    expect(query.texts({ jobId: job.jobId, owner: job.owner }, 'unix').text).to.equal(text());
  });

  it('keeps its ETag as long as it is the same, and in other dates has another', async () => {
    const { query, job, record } = await aJob();
    await record(40);
    const etag = () => query.texts({ jobId: job.jobId }, 'unix').etag;
    const before = etag();
    expect(etag()).to.equal(before);
    expect(query.texts({ jobId: job.jobId }, 'iso').etag).not.to.equal(before);
    await record(60);
    expect(etag()).not.to.equal(before);
  });

  it('is made once, in whatever dates and of whichever run it is asked for', async () => {
    const { store, query, job, record, submit, submission } = await aJob();
    await record(70);
    await submit(await submission(job.jobId));
    await record(70, 2);
    const select = store.statuses.select.bind(store.statuses);
    let reads = 0;
    store.statuses.select = (...words) => {
      reads += 1;
      return select(...words);
    };
    for (const dates of ['unix', 'iso'] as const) {
      for (const run of [undefined, 1, 2]) {
        const text = () => query.texts({ jobId: job.jobId }, dates, run).text;
        reads = 0;
        const [first, second] = [text(), text()];
        expect(second).to.equal(first);
        expect(reads, `${dates}, run ${run ?? 'none'}`).to.equal(1);
        expect(JSON.parse(first)).to.have.nested.property('[0].run', run ?? 2);
      }
    }
  });
});
