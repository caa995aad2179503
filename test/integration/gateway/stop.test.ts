import type { StatusObject } from '@capstan/shared/contract/api';
import { expect } from 'chai';
import { subscribe } from '../../../scripts/parts/subscription.ts';
import { COMPUTE } from '../../support/gateway/caller.ts';
import { startGateway, type GatewayScene } from '../../support/gateway/scene.ts';

describe('stopping jobs', () => {
  let scene: GatewayScene;
  before(async () => {
    scene = await startGateway();
  });
  after(() => scene[Symbol.asyncDispose]());

  it('ends a queued job at once, and tells its subscribers', async () => {
    const caller = scene.caller();
    const { jobId } = await caller.job(scene.order());
    await using live = await subscribe(scene.url, { jobId });
    const answer = await caller.stop({ jobId });
    expect(answer.status).to.equal(200);
    const [job] = answer.jobs();
    expect(job).to.include({ jobId, status: 7, statusText: 'Job stopped', stopreq: 1 });
    expect(job?.terminationDetails?.reason).to.match(/before a runner began/);
    expect(job?.dateFinished).to.be.a('number');
    expect((await live.ended(jobId)).status).to.equal(7);
    expect(await scene.report(jobId, 10), 'a runner that begins too late').to.equal(false);
    await scene.desired(jobId, 'ended');
  });

  it('asks the runner of a running one, and answers once it has stopped', async () => {
    const caller = scene.caller();
    const { jobId } = await caller.job(scene.order());
    await scene.report(jobId, 40);
    const stopping = caller.stop({ jobId });
    await scene.desired(jobId, 'stopped');
    expect(await caller.status(jobId)).to.include({ status: 40, stopreq: 1 });
    await scene.report(jobId, 7);
    expect((await stopping).jobs()[0]).to.include({ jobId, status: 7, stopreq: 1 });
  });

  it('answers after ten seconds with stopreq 1 if the job has not stopped by then', async () => {
    const caller = scene.caller();
    const { jobId } = await caller.job(scene.order());
    await scene.report(jobId, 40);
    const begin = performance.now();
    const [job] = (await caller.stop({ jobId })).jobs();
    expect(performance.now() - begin).to.be.within(9_500, 12_000);
    expect(job).to.include({ status: 40, stopreq: 1 });
    await scene.report(jobId, 7);
  });

  it("without a jobId stops all that the caller has not ended, and nobody else's", async () => {
    const [caller, stranger] = [scene.caller(), scene.caller()];
    const ended = await caller.job(scene.order());
    await scene.report(ended.jobId, 70);
    const open = [await caller.job(scene.order()), await caller.job(scene.order())].map(({ jobId }) => jobId);
    const other = await stranger.job(scene.order());
    const stopped = (await caller.stop()).jobs();
    expect(stopped.map(({ jobId }) => jobId).toSorted()).to.deep.equal(open.toSorted());
    expect(new Set(stopped.map(({ status }) => status))).to.deep.equal(new Set([7]));
    expect((await caller.status(ended.jobId)).status).to.equal(70);
    expect((await stranger.status(other.jobId)).status).to.equal(1);
  });

  it('stops and deletes many at once, in slices, and answers for each', async () => {
    const caller = scene.caller();
    const jobs: string[] = [];
    for (let i = 0; i < 45; i += 1) jobs.push((await caller.job(scene.order())).jobId);
    const stopped = (await caller.stop({})).jobs();
    expect(stopped.map(({ jobId }) => jobId)).to.have.members(jobs);
    expect(new Set(stopped.map(({ status }) => status))).to.deep.equal(new Set([7]));
    const { documentId } = scene.order().dataset;
    const deleted = (await caller.remove({ documentId })).jobs();
    expect(deleted.map(({ jobId }) => jobId)).to.have.members(jobs);
    expect(new Set(deleted.map(({ status }) => status))).to.deep.equal(new Set([8]));
  });

  it('with a documentId stops those on that dataset; none is an empty list', async () => {
    const caller = scene.caller();
    const { jobId, documentId } = await caller.job(scene.order());
    expect((await caller.stop({ documentId: `did:op:${'0'.repeat(64)}` })).json()).to.deep.equal([]);
    expect((await caller.stop({ documentId })).jobs()[0]).to.include({ jobId, status: 7 });
  });

  it('with an agreementId stops the job of that order, written with 0x or without', async () => {
    for (const write of [(id: string) => id, (id: string) => id.slice(2)]) {
      const caller = scene.caller();
      const [{ jobId, agreementId }, other] = [await caller.job(scene.order()), await caller.job(scene.order())];
      const stopped = (await caller.stop({ agreementId: write(agreementId) })).jobs();
      expect(stopped.map((job) => job.jobId)).to.deep.equal([jobId]);
      expect((await caller.status(other.jobId)).status).to.equal(1);
    }
  });

  it('leaves an ended job as it ended, and may be repeated', async () => {
    const caller = scene.caller();
    const { jobId } = await caller.job(scene.order());
    await scene.report(jobId, 70);
    const before = await caller.status(jobId);
    for (const _ of [1, 2]) expect((await caller.stop({ jobId })).json()).to.deep.equal([before]);
  });

  it("says the same of a stranger's job as of none", async () => {
    const { jobId } = await scene.caller().job(scene.order());
    const stranger = scene.caller();
    const answers = [await stranger.stop({ jobId }), await stranger.stop({ jobId: '0'.repeat(32) })];
    answers.push(await stranger.stop({ jobId: '../../etc' }));
    for (const answer of answers) {
      expect(answer.status).to.equal(404);
      expect(answer.text).to.equal(answers[0]?.text);
    }
    expect((await stranger.status(jobId)).status).to.equal(1);
  });

  it('takes the parameters from a JSON body, and from the query first where both have them', async () => {
    const caller = scene.caller();
    const [first, second] = [await caller.job(scene.order()), await caller.job(scene.order())];
    const body = { jobId: first.jobId, documentId: '', agreementId: null, ...(await caller.signed(first.jobId)) };
    expect((await caller.call('PUT', COMPUTE, { body })).jobs()[0]).to.include({ jobId: first.jobId });
    const query = { jobId: second.jobId, ...(await caller.signed(second.jobId)) };
    const both = await caller.call('PUT', COMPUTE, { query, body });
    expect(both.jobs()[0]).to.include({ jobId: second.jobId, status: 7 });
  });

  it('takes a nonce that was sent as a JSON number', async () => {
    const caller = scene.caller();
    const { jobId } = await caller.job(scene.order());
    const { nonce, ...signed } = await caller.signed(jobId);
    const body = { jobId, ...signed, nonce: Number(nonce) };
    expect((await caller.call('PUT', COMPUTE, { body })).status).to.equal(200);
  });

  describe('signed without the nonce that is sent, as ocean.js does', () => {
    const nonceless = async (caller: ReturnType<GatewayScene['caller']>, job: StatusObject) => ({
      consumerAddress: caller.address,
      jobId: job.jobId,
      agreementId: job.agreementId.slice(2),
      nonce: caller.nextNonce(),
      signature: await caller.sign(caller.address + job.jobId),
    });

    it('stops the job and uses up no nonce', async () => {
      const caller = scene.caller();
      const job = await caller.job(scene.order());
      const before = await caller.lastNonce();
      const body = await nonceless(caller, job);
      expect((await caller.call('PUT', COMPUTE, { body })).jobs()[0]).to.include({ status: 7 });
      expect(await caller.lastNonce()).to.equal(before);
      // Replayed, it can only do the same again.
      expect((await caller.call('PUT', COMPUTE, { body })).status).to.equal(200);
    });

    it('names one job: without a jobId, or for another one, it is refused', async () => {
      const caller = scene.caller();
      const [job, other] = [await caller.job(scene.order()), await caller.job(scene.order())];
      const { jobId, ...rest } = await nonceless(caller, job);
      expect((await caller.call('PUT', COMPUTE, { body: rest })).status).to.equal(401);
      const moved = { ...rest, jobId: other.jobId, agreementId: '' };
      expect((await caller.call('PUT', COMPUTE, { body: moved })).status).to.equal(401);
      expect((await caller.call('DELETE', COMPUTE, { body: { ...rest, jobId } })).status).to.equal(401);
    });
  });
});

describe('stopping jobs where noncelessStop is off', () => {
  it('refuses the signature that leaves out the nonce', async () => {
    await using scene = await startGateway({ variables: { CAPSTAN_GATEWAY_COMPAT_NONCELESS_STOP: 'false' } });
    const caller = scene.caller();
    const { jobId } = await caller.job(scene.order());
    const signature = await caller.sign(caller.address + jobId);
    const body = { consumerAddress: caller.address, jobId, nonce: caller.nextNonce(), signature };
    expect((await caller.call('PUT', COMPUTE, { body })).status).to.equal(401);
    expect((await caller.stop({ jobId })).status).to.equal(200);
  });
});
