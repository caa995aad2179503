import { createHash } from 'node:crypto';
import { jobEvent, type JobEvent } from '@capstan/shared/contract/messages';
import { expect } from 'chai';
import { createConsumer, freeOrder } from '../../../../scripts/parts/consumer.ts';
import { failUnreadable } from '../../../../services/gateway/src/events/unreadable.ts';
import { recordEvent } from '../../../../services/gateway/src/events/record-event.ts';
import { gatewayParts, someAssets } from '../../../support/gateway/parts.ts';

async function aStoredJob() {
  const { dataset, algorithm } = someAssets();
  const parts = gatewayParts({ assets: [dataset, algorithm] });
  const request = await createConsumer('http://unused.example').startBody({
    environment: 'local',
    dataset: { documentId: dataset.id, serviceId: dataset.services[0]?.id ?? '', transferTxId: freeOrder() },
    algorithm: { documentId: algorithm.id, serviceId: algorithm.services[0]?.id ?? '' },
  });
  const job = await parts.submit({ request, bodyHash: createHash('sha256').digest('hex') });
  const codes: number[] = [];
  parts.live.onEvents((events) => codes.push(...events.map(({ event }) => event.code)));
  const record = (event: JobEvent) => parts.store.write((transaction) => recordEvent(parts.store, transaction, event));
  const event = (code: JobEvent['code'], extra: Partial<JobEvent> = {}): JobEvent => ({
    ...jobEvent({ jobId: job.jobId, run: 1, attempt: 1, code, at: 2_000 }),
    ...extra,
  });
  return { ...parts, job, codes, record, event, current: () => parts.store.jobs.find(job.jobId) };
}

describe('a recorded event', () => {
  it('moves the job and takes a place in the order of all events', async () => {
    const { record, event, current, codes, store } = await aStoredJob();
    expect(await record(event(10))).to.equal(undefined);
    expect(current()).to.include({ code: 10, attempt: 1 });
    expect(codes).to.deep.equal([10]);
    expect(store.cursors.last()).to.equal(2);
  });

  it('changes nothing when it comes again, and nobody hears of it', async () => {
    const { record, event, codes } = await aStoredJob();
    await record(event(40));
    expect(await record(event(40))).to.equal('repeated');
    expect(await record(event(10))).to.equal('repeated');
    expect(codes).to.deep.equal([40]);
  });

  it('keeps no more of a reason than a person reads', async () => {
    const { record, event, current } = await aStoredJob();
    const reason = `There is no image ${'x'.repeat(900_000)}.`;
    await record(event(11, { details: { termination: { exitCode: null, signal: null, OOMKilled: false, reason } } }));
    expect(current()?.termination?.reason)
      .to.have.length(2_000)
      .and.match(/^There is no image x+…$/);
  });

  it('ends a run once, with what there is to say about it', async () => {
    const { record, event, current } = await aStoredJob();
    const termination = { exitCode: 3, signal: null, OOMKilled: false, reason: 'The algorithm exited with code 3.' };
    const results = [{ filename: 'algorithm.log', filesize: 5, type: 'algorithmLog', index: 0 } as const];
    await record(event(41, { details: { termination, results: [...results], expiresAt: 9_000 } }));
    expect(await record(event(70))).to.equal('run-ended');
    expect(current()).to.deep.include({ code: 41, dateFinished: 2_000, expiresAt: 9_000, termination, results });
  });

  it('of an unknown job is let go', async () => {
    const { record, event } = await aStoredJob();
    expect(await record(event(10, { jobId: 'f'.repeat(32) as JobEvent['jobId'] }))).to.equal('no-such-job');
  });
});

describe('an event that nobody can read', () => {
  it('goes to the dead letters, and its job ends with the reason', async () => {
    const { store, job, current } = await aStoredJob();
    const message = { subject: `jobs.event.${job.jobId}`, text: '{"v":2}' };
    await store.write((transaction) => failUnreadable(store, transaction, { message, problem: 'v', at: 3_000 }));
    expect(store.deadLetters.count()).to.equal(1);
    expect(current()?.code).to.equal(41);
    expect(current()?.termination?.reason).to.contain('one version');
  });
});
