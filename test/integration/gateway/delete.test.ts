import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { subscribe } from '../../../scripts/parts/subscription.ts';
import { COMPUTE, type Caller } from '../../support/gateway/caller.ts';
import { startGateway, type GatewayScene } from '../../support/gateway/scene.ts';

describe('deleting jobs', () => {
  let scene: GatewayScene;
  before(async () => {
    scene = await startGateway();
  });
  after(() => scene[Symbol.asyncDispose]());

  const anEndedJob = async (caller: Caller) => {
    const { jobId } = await caller.job(scene.order());
    const results = await scene.writeResults(jobId, 1, { 'out.txt': 'hello' });
    await scene.report(jobId, 70, { details: { results: [...results], expiresAt: Date.now() + 60_000 } });
    return jobId;
  };
  const folderOf = (jobId: string) => join(scene.dataDir, 'results', jobId);

  it('takes an ended job with its results away, and answers with status 8', async () => {
    const caller = scene.caller();
    const jobId = await anEndedJob(caller);
    expect((await caller.result(jobId, 0)).text).to.equal('hello');
    const answer = await caller.remove({ jobId });
    expect(answer.status).to.equal(200);
    expect(answer.jobs()[0]).to.include({
      jobId,
      status: 8,
      statusText: 'Job deleted successfully',
      removed: 1,
      algorithmLogUrl: null,
    });
    expect(answer.jobs()[0]?.resultsUrls).to.deep.equal([]);
    expect(existsSync(folderOf(jobId))).to.equal(false);
    expect((await caller.call('GET', COMPUTE, { query: { jobId } })).json()).to.deep.equal([]);
    expect((await caller.result(jobId, 0)).status).to.equal(404);
  });

  it('is final: what is asked or reported afterwards changes nothing, also after a restart of the node', async () => {
    const caller = scene.caller();
    const order = scene.order();
    const body = await caller.startBody(order);
    const started = await caller.call('POST', COMPUTE, { body });
    const jobId = started.jobs()[0]?.jobId ?? '';
    await scene.report(jobId, 40);
    const deleting = caller.remove({ jobId });
    await scene.desired(jobId, 'deleted');
    await scene.report(jobId, 8);
    expect((await deleting).jobs()[0]).to.include({ status: 8 });
    const expectGone = async () => {
      expect(await scene.report(jobId, 70), 'a late event').to.equal(false);
      expect((await caller.call('POST', COMPUTE, { body })).status, 'the start request again').to.equal(401);
      expect((await caller.start({ ...order, jobId })).status, 'a restart').to.equal(404);
      expect((await caller.stop({ jobId })).status).to.equal(404);
      expect((await caller.remove({ jobId })).status).to.equal(404);
      expect((await caller.call('GET', COMPUTE, { query: { jobId } })).json()).to.deep.equal([]);
    };
    await expectGone();
    await scene.gateway().kill();
    await scene.restartGateway();
    await expectGone();
    // A runner that was away all the time and still works on it hears that it need not.
    scene.announce([{ jobId: jobId as never, run: 1, environment: scene.order().environment as never }]);
    await scene.desired(jobId, 'deleted');
  });

  it('of a queued job needs no runner, and its subscribers see status 8 once', async () => {
    const caller = scene.caller();
    const { jobId } = await caller.job(scene.order());
    await using live = await subscribe(scene.url, { consumerAddress: caller.address });
    expect((await caller.remove({ jobId })).jobs()[0]).to.include({ status: 8 });
    const next = await caller.job(scene.order());
    await live.until((event) => event.jobId === next.jobId, 'the next job');
    expect(live.events().map((event) => [event.jobId, event.status])).to.deep.equal([
      [jobId, 8],
      [next.jobId, 1],
    ]);
  });

  it('of an ended job tells its subscribers, too', async () => {
    const caller = scene.caller();
    const jobId = await anEndedJob(caller);
    await using live = await subscribe(scene.url, { jobId });
    await caller.remove({ jobId });
    const { job } = await live.until(({ status }) => status === 8, 'status 8');
    expect(job).to.include({ removed: 1, status: 8 });
    expect(live.events()).to.have.length(1);
  });

  it("by documentId takes all of the caller's on that dataset, and nobody else's", async () => {
    const [caller, stranger] = [scene.caller(), scene.caller()];
    const mine = [await anEndedJob(caller), (await caller.job(scene.order())).jobId];
    const other = await stranger.job(scene.order());
    const deleted = (await caller.remove({ documentId: scene.dataset.id })).jobs();
    expect(deleted.map(({ jobId }) => jobId).toSorted()).to.deep.equal(mine.toSorted());
    expect((await stranger.status(other.jobId)).status).to.equal(1);
    expect((await caller.remove({ documentId: scene.dataset.id })).json()).to.deep.equal([]);
  });

  it('names each of several in its answer, though one is gone long before the other', async () => {
    const caller = scene.caller();
    const [first, second] = [await caller.job(scene.order()), await caller.job(scene.order())];
    for (const { jobId } of [first, second]) await scene.report(jobId, 40);
    await using live = await subscribe(scene.url, { jobId: first.jobId });
    const deleting = caller.remove({ documentId: scene.dataset.id });
    await scene.desired(second.jobId, 'deleted');
    await scene.report(first.jobId, 7);
    await live.until(({ job }) => job.removed === 1, 'the end of the first');
    await scene.report(second.jobId, 8);
    const deleted = (await deleting).jobs();
    expect(deleted.map(({ status, removed }) => [status, removed])).to.deep.equal([
      [8, 1],
      [8, 1],
    ]);
  });

  it('must name a job or a dataset', async () => {
    const answer = await scene.caller().remove({});
    expect(answer.status).to.equal(400);
    expect(answer.json()).to.have.property('errors').that.has.keys('jobId', 'documentId');
  });

  it("says the same of a stranger's job as of none", async () => {
    const { jobId } = await scene.caller().job(scene.order());
    const stranger = scene.caller();
    const answers = [await stranger.remove({ jobId }), await stranger.remove({ jobId: 'f'.repeat(32) })];
    expect(answers.map(({ status }) => status)).to.deep.equal([404, 404]);
    expect(answers[0]?.text).to.equal(answers[1]?.text);
    expect((await stranger.status(jobId)).status).to.equal(1);
  });

  it('takes the nonce for one more than the last where none is sent, and takes such a request once', async () => {
    const caller = scene.caller();
    const [job, other] = [await caller.job(scene.order()), await caller.job(scene.order())];
    const nonce = Number(await caller.lastNonce());
    const bodyFor = async (jobId: string, assumed: number) => ({
      consumerAddress: caller.address,
      jobId,
      signature: await caller.sign(caller.address + jobId + String(assumed)),
    });
    const body = await bodyFor(job.jobId, nonce + 1);
    expect((await caller.call('DELETE', COMPUTE, { body: await bodyFor(job.jobId, nonce + 2) })).status).to.equal(401);
    expect((await caller.call('DELETE', COMPUTE, { body })).jobs()[0]).to.include({ status: 8 });
    expect((await caller.call('DELETE', COMPUTE, { body })).status).to.equal(401);
    expect((await caller.status(other.jobId)).status).to.equal(1);
  });

  it('of a job that does not stop in time is completed as soon as it does', async () => {
    const caller = scene.caller();
    const { jobId } = await caller.job(scene.order());
    await scene.report(jobId, 40);
    await using live = await subscribe(scene.url, { jobId });
    const [job] = (await caller.remove({ jobId })).jobs();
    expect(job).to.include({ status: 40, stopreq: 1 });
    await scene.writeResults(jobId, 1, { 'out.txt': 'late' });
    const begin = performance.now();
    await scene.report(jobId, 7);
    await live.until(({ status }) => status === 8, 'status 8');
    expect(performance.now() - begin).to.be.lessThan(3_000);
    expect(existsSync(folderOf(jobId))).to.equal(false);
  });
});
