import { expect } from 'chai';
import { startGateway, type GatewayScene } from '../../support/gateway/scene.ts';

describe('results whose time is over', () => {
  const endedJob = async (scene: GatewayScene, expiresAt: number) => {
    const caller = scene.caller();
    const { jobId } = await caller.job(scene.order());
    const results = await scene.writeResults(jobId, 1, { 'table.csv': 'a,b' });
    await scene.report(jobId, 70, { details: { results: [...results], expiresAt } });
    return { caller, jobId };
  };

  it('are given to nobody, and the answer says since when', async () => {
    await using scene = await startGateway();
    const over = await endedJob(scene, Date.now() - 1_000);
    const answer = await over.caller.result(over.jobId, 0);
    expect(answer.status).to.equal(410);
    expect(answer.text).to.contain('were kept until').and.to.contain('Run the job again');
    expect((await scene.caller().result(over.jobId, 0)).status, 'to a stranger it is no job').to.equal(404);
  });

  it('are no longer listed, by a node that was away when it happened, too', async () => {
    await using scene = await startGateway();
    const over = await endedJob(scene, Date.now() - 1_000);
    const kept = await endedJob(scene, Date.now() + 3_600_000);
    await scene.gateway().kill();
    await scene.restartGateway();
    await scene.logged('results expired');
    const { results, resultsUrls, algorithmLogUrl, expireTimestamp } = await over.caller.status(over.jobId);
    expect([results, resultsUrls, algorithmLogUrl]).to.deep.equal([[], [], null]);
    expect(expireTimestamp).to.be.a('number');
    expect((await kept.caller.status(kept.jobId)).resultsUrls).to.have.length(1);
    expect((await kept.caller.result(kept.jobId, 0)).text).to.equal('a,b');
  });
});
