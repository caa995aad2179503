import { expect } from 'chai';
import { COMPUTE, type Caller } from '../../support/gateway/caller.ts';
import { startGateway, type GatewayScene } from '../../support/gateway/scene.ts';

describe('starting an ended job again', () => {
  let scene: GatewayScene;
  before(async () => {
    scene = await startGateway();
  });
  after(() => scene[Symbol.asyncDispose]());

  const anEndedJob = async (caller: Caller, text = 'first') => {
    const order = scene.order();
    const { jobId } = await caller.job(order);
    const results = [...(await scene.writeResults(jobId, 1, { 'out.txt': text }))];
    await scene.report(jobId, 41, { details: { results } });
    return { jobId, order: { ...order, jobId } };
  };

  it('is run 2 of it, under the same order', async () => {
    const caller = scene.caller();
    const { jobId, order } = await anEndedJob(caller);
    const before = await caller.status(jobId);
    const [job] = (await caller.start(order)).jobs();
    expect(before.run).to.equal(1);
    expect(job).to.include({
      jobId,
      run: 2,
      status: 1,
      agreementId: before.agreementId,
      dateFinished: null,
      stopreq: 0,
    });
    expect(job?.results).to.deep.equal([]);
    expect(await scene.report(jobId, 60), 'a late event of run 1').to.equal(false);
    expect(await scene.report(jobId, 40, { run: 2 })).to.equal(true);
    expect((await caller.status(jobId)).status).to.equal(40);
  });

  it('leaves earlier results readable with run=1', async () => {
    const caller = scene.caller();
    const { jobId, order } = await anEndedJob(caller);
    await caller.start(order);
    expect((await caller.result(jobId, 0)).status).to.equal(404);
    expect((await caller.result(jobId, 0, { run: 1 })).text).to.equal('first');
    await scene.writeResults(jobId, 2, { 'out.txt': 'second' });
    await scene.report(jobId, 70, { run: 2 });
    expect((await caller.result(jobId, 0)).text).to.equal('second');
    expect((await caller.result(jobId, 0, { run: 1 })).text).to.equal('first');
    expect((await caller.result(jobId, 0, { run: 3 })).status).to.equal(404);
    expect((await caller.result(jobId, 0, { run: '../1' })).status).to.equal(400);
  });

  it('shows how an earlier run ended, and what it left', async () => {
    const caller = scene.caller();
    const { jobId, order } = await anEndedJob(caller);
    const before = await caller.status(jobId);
    const ofRun = async (run: unknown) => caller.call('GET', COMPUTE, { query: { jobId, run } });
    expect((await ofRun(1)).jobs(), 'while it is the last one').to.deep.equal([before]);
    await caller.start(order);
    await scene.report(jobId, 70, { run: 2 });
    const [earlier] = (await ofRun(1)).jobs();
    expect(earlier).to.deep.include({ ...before, resultsUrls: [`${before.resultsUrls[0]}&run=1`], removed: 1 });
    expect((await ofRun(2)).jobs()).to.deep.equal([await caller.status(jobId)]);
    expect((await ofRun(3)).jobs()).to.deep.equal([]);
    expect((await caller.call('GET', COMPUTE, { query: { run: 1, consumerAddress: caller.address } })).status).to.equal(
      400,
    );
    const url = new URL(earlier?.resultsUrls[0] ?? '');
    expect((await caller.result(jobId, 0, { run: url.searchParams.get('run') })).text).to.equal('first');
  });

  it('says of a result that is listed and gone that it was lost, not that there never was one', async () => {
    const caller = scene.caller();
    const { jobId } = await caller.job(scene.order());
    const results = [{ filename: 'out.txt', filesize: 3, type: 'output', index: 0 } as const];
    await scene.report(jobId, 70, { details: { results } });
    expect((await caller.result(jobId, 0)).text).to.contain('the node has it no more');
    expect((await caller.result(jobId, 1)).text).to.contain('There is no such result.');
  });

  it('forgets earlier runs with the job', async () => {
    const caller = scene.caller();
    const { jobId, order } = await anEndedJob(caller);
    await caller.start(order);
    await scene.report(jobId, 70, { run: 2 });
    await caller.remove({ jobId });
    expect((await caller.call('GET', COMPUTE, { query: { jobId, run: 1 } })).jobs()).to.deep.equal([]);
  });

  it('answers the lost reply of the same request with the same run', async () => {
    const caller = scene.caller();
    const { jobId, order } = await anEndedJob(caller);
    const body = await caller.startBody(order);
    await caller.call('POST', COMPUTE, { body });
    expect((await caller.call('POST', COMPUTE, { body })).jobs()[0]).to.include({ jobId, status: 1 });
    expect(await scene.report(jobId, 40, { run: 3 })).to.equal(false);
    expect(await scene.report(jobId, 40, { run: 2 })).to.equal(true);
  });

  it('begins once when it is asked for by many at once', async () => {
    const caller = scene.caller();
    const { jobId, order } = await anEndedJob(caller);
    const bodies = await Promise.all(Array.from({ length: 10 }, () => caller.startBody(order)));
    const answers = await Promise.all(bodies.map((body) => caller.call('POST', COMPUTE, { body })));
    const began = answers.filter(({ status }) => status === 200);
    expect(began).to.have.length(1);
    expect(await scene.report(jobId, 40, { run: 2 })).to.equal(true);
  });

  it('is refused while the job runs', async () => {
    const caller = scene.caller();
    const order = scene.order();
    const { jobId } = await caller.job(order);
    const refuse = async () => {
      const answer = await caller.start({ ...order, jobId });
      expect(answer.status).to.equal(400);
      expect(answer.json()).to.deep.include({ error: { jobId: 'not_ended' } });
    };
    await refuse();
    await scene.report(jobId, 40);
    await refuse();
  });

  it('is refused under another order, or on another dataset', async () => {
    const caller = scene.caller();
    const { order } = await anEndedJob(caller);
    const fresh = scene.order().dataset;
    const otherOrder = await caller.start({ ...order, dataset: fresh });
    expect(otherOrder.json()).to.deep.include({ error: { 'dataset.transferTxId': 'not_of_this_job' } });
    const documentId = scene.algorithm.id;
    expect(otherOrder.text).to.contain(order.dataset.transferTxId).and.to.contain('leave out jobId');
    const otherData = await caller.start({ ...order, dataset: { ...order.dataset, documentId } });
    expect(otherData.json()).to.deep.include({ error: { 'dataset.documentId': 'not_of_this_job' } });
    expect(otherData.text).to.contain('leave out jobId');
  });

  it("says the same of a stranger's job as of none", async () => {
    const { order } = await anEndedJob(scene.caller());
    const stranger = scene.caller();
    const answers = [await stranger.start(order), await stranger.start({ ...order, jobId: '0'.repeat(32) })];
    expect(answers.map(({ status }) => status)).to.deep.equal([404, 404]);
    expect(answers[0]?.text).to.equal(answers[1]?.text);
  });

  it('must sign the jobId, too', async () => {
    const caller = scene.caller();
    const { jobId, order } = await anEndedJob(caller);
    const { jobId: _, ...withoutJob } = order;
    const body = { ...(await caller.startBody(withoutJob)), jobId };
    expect((await caller.call('POST', COMPUTE, { body })).status).to.equal(401);
  });

  it('works for a job that was stopped, whose stop is then forgotten', async () => {
    const caller = scene.caller();
    const order = scene.order();
    const { jobId } = await caller.job(order);
    await caller.stop({ jobId });
    expect((await caller.start({ ...order, jobId })).jobs()[0]).to.include({ status: 1, stopreq: 0 });
    expect(await scene.report(jobId, 40, { run: 2 })).to.equal(true);
  });
});
