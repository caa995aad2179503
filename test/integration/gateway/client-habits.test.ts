/** What clients write differently from one another, and mean the same by. */
import { expect } from 'chai';
import { didSuffix } from '@capstan/shared/contract/ids';
import { COMPUTE, type Caller } from '../../support/gateway/caller.ts';
import { startGateway, type GatewayScene } from '../../support/gateway/scene.ts';

describe('what clients write in their own ways', () => {
  let scene: GatewayScene;
  before(async () => {
    scene = await startGateway();
  });
  after(() => scene[Symbol.asyncDispose]());

  const withResults = async (caller: Caller) => {
    const { jobId } = await caller.job(scene.order());
    await scene.writeResults(jobId, 1, { 'a.txt': 'first', 'b.txt': 'second' });
    await scene.report(jobId, 70, { details: { expiresAt: Date.now() + 600_000 } });
    return jobId;
  };

  it("answers the page's own example, as it stands there", async () => {
    const path = '/api/services/compute?signature=0x00110011&documentId=did:op:1111&jobId=012023';
    const answer = await scene.caller().call('GET', path);
    expect([answer.status, answer.json()]).to.deep.equal([200, []]);
    const more = await scene.caller().call('GET', `${path}&nonce=abc`);
    expect([more.status, more.json()]).to.deep.equal([200, []]);
  });

  it('takes doubled slashes, as behind an address that ends in one', async () => {
    const caller = scene.caller();
    const { jobId } = await caller.job(scene.order());
    const answer = await caller.call('GET', '//api//services/compute', { query: { jobId } });
    expect(answer.jobs().map((job) => job.jobId)).to.deep.equal([jobId]);
    const body = await caller.startBody(scene.order());
    expect((await caller.call('POST', '//api/services/compute', { body })).status).to.equal(200);
  });

  it('lets a whole query stand beside a body that is no JSON, where there may be either', async () => {
    const caller = scene.caller();
    const send = async (method: string, query: Readonly<Record<string, string>>, body: string, type: string) =>
      fetch(`${scene.url}${COMPUTE}?${new URLSearchParams(query).toString()}`, {
        method,
        body,
        headers: { 'content-type': type },
      });
    for (const method of ['PUT', 'DELETE']) {
      for (const [body, type] of [
        ['nothing', 'text/plain'],
        ['a=b', 'application/x-www-form-urlencoded'],
        ['{', 'application/json'],
        ['null', 'application/json'],
      ] as const) {
        const { jobId } = await caller.job(scene.order());
        const whole = { jobId, ...(await caller.signed(jobId)) };
        const answer = await send(method, whole, body, type);
        expect(answer.status, `${method} ${body}: ${await answer.text()}`).to.equal(200);
        for (const less of [{ ...whole, signature: '' }, await caller.signed()])
          expect((await send(method, less, body, type)).status, 'a query that lacks something').to.be.oneOf([400, 415]);
      }
    }
    const order = JSON.stringify(await caller.startBody(scene.order()));
    expect((await send('POST', {}, order, 'text/plain')).status).to.equal(415);
  });

  it('takes owner for consumerAddress', async () => {
    const caller = scene.caller();
    const { jobId } = await caller.job(scene.order());
    const answer = await caller.call('GET', COMPUTE, { query: { owner: caller.address } });
    expect(answer.jobs().map((job) => job.jobId)).to.deep.equal([jobId]);
  });

  it('takes a job id in capitals, and a DID without its prefix, wherever they stand', async () => {
    const caller = scene.caller();
    const jobId = await withResults(caller);
    const shout = jobId.toUpperCase();
    expect((await caller.status(shout)).jobId).to.equal(jobId);
    expect((await caller.result(shout, 0)).text).to.equal('first');
    const { dataset } = scene.order();
    const documentId = didSuffix(dataset.documentId);
    const query = { documentId, consumerAddress: caller.address };
    expect((await caller.call('GET', COMPUTE, { query })).jobs().map((job) => job.jobId)).to.deep.equal([jobId]);
    const job = await caller.job({ ...scene.order(), dataset: { ...dataset, documentId } });
    expect(job.documentId).to.equal(dataset.documentId);
    expect((await caller.stop({ jobId: job.jobId.toUpperCase() })).jobs()[0]?.status).to.equal(7);
    expect((await caller.remove({ documentId })).jobs()).to.have.length(2);
  });

  it('takes a signature without its 0x', async () => {
    const caller = scene.caller();
    const { signature, ...body } = await caller.startBody(scene.order());
    const bare = { ...body, signature: String(signature).slice(2) };
    expect((await caller.call('POST', COMPUTE, { body: bare })).status).to.equal(200);
    const jobId = await withResults(caller);
    const signed = await caller.signed(jobId, '1');
    const query = { jobId, index: 1, ...signed, signature: signed.signature.slice(2) };
    expect((await caller.call('GET', '/api/services/computeResult', { query })).text).to.equal('second');
  });

  it('gives the first result where no index is named, signed as 0 and not as none', async () => {
    const caller = scene.caller();
    const jobId = await withResults(caller);
    const ask = async (...signedParts: string[]) =>
      caller.call('GET', '/api/services/computeResult', {
        query: { jobId, ...(await caller.signed(jobId, ...signedParts)) },
      });
    expect((await ask('0')).text).to.equal('first');
    expect((await ask()).status).to.equal(401);
  });

  it('needs neither environment nor service where there is one only', async () => {
    const caller = scene.caller();
    const { dataset, algorithm } = scene.order();
    const { serviceId: _ofDataset, ...bareDataset } = dataset;
    const { serviceId: _ofAlgorithm, ...bareAlgorithm } = algorithm;
    const order = { ...scene.order(), dataset: bareDataset, algorithm: bareAlgorithm };
    const { environment, ...body } = await caller.startBody(order);
    const [job] = (await caller.call('POST', COMPUTE, { body })).jobs();
    expect(job?.environment).to.equal(environment);
    const quote = await caller.call('POST', '/api/services/initializeCompute', {
      body: {
        datasets: [{ documentId: dataset.documentId }],
        algorithm: { documentId: algorithm.documentId },
        compute: { validUntil: Math.floor(Date.now() / 1_000) + 600 },
        consumerAddress: caller.address,
      },
    });
    expect(quote.status, quote.text).to.equal(200);
  });

  it('reads objects that come as text', async () => {
    const caller = scene.caller();
    const { dataset } = scene.order();
    const meta = { rawcode: 'x', container: { image: 'alpine', entrypoint: 'sh $ALGO' } };
    const body = {
      ...(await caller.startBody({ ...scene.order(), algorithm: { meta } })),
      dataset: JSON.stringify({ ...dataset, userdata: '{"city":"Bern"}' }),
      algorithm: { meta: JSON.stringify(meta) },
      output: JSON.stringify({ notifyUrl: '' }),
    };
    const answer = await caller.call('POST', COMPUTE, { body });
    expect(answer.jobs()[0]?.algoDID).to.equal('raw');
  });

  it('names further datasets by their place', async () => {
    const caller = scene.caller();
    const unknown = { ...scene.order().dataset, documentId: `did:op:${'ab'.repeat(32)}` };
    const body = { ...(await caller.startBody(scene.order())), additionalDatasets: [unknown] };
    const answer = await caller.call('POST', COMPUTE, { body });
    expect(answer.status).to.equal(400);
    expect(answer.json()).to.have.deep.property('error', { 'datasets[1].documentId': 'did_not_found' });
  });

  it('gives dates as Unix seconds to who says so', async () => {
    const caller = scene.caller();
    const { jobId } = await caller.job(scene.order());
    const [job] = (await caller.call('GET', COMPUTE, { query: { jobId, dates: 'unix' } })).jobs();
    expect(job?.dateCreated).to.be.a('number');
  });

  describe('to stop without a nonce', () => {
    const stopOf = async (caller: Caller, jobId: string) => ({
      jobId,
      consumerAddress: caller.address,
      signature: await caller.sign(caller.address + jobId),
    });

    it('is taken where address and job are signed, and not without a job or for anything else', async () => {
      const caller = scene.caller();
      const { jobId } = await caller.job(scene.order());
      const query = await stopOf(caller, jobId);
      expect((await caller.call('DELETE', COMPUTE, { query })).status, 'a deletion').to.equal(401);
      const all = { consumerAddress: caller.address, signature: await caller.sign(caller.address) };
      expect((await caller.call('PUT', COMPUTE, { query: all })).status).to.equal(400);
      expect((await caller.call('PUT', COMPUTE, { query: { ...query, jobId: undefined } })).status).to.equal(400);
      const stopped = await caller.call('PUT', COMPUTE, { query });
      expect(stopped.jobs()[0]).to.include({ jobId, status: 7 });
      expect((await caller.call('DELETE', COMPUTE, { query })).status, 'a deletion of what was stopped').to.equal(401);
      expect((await caller.call('PUT', COMPUTE, { query })).status, 'again').to.equal(200);
    });

    it('is for the run that it was sent for, also after a restart of the node', async () => {
      const caller = scene.caller();
      const order = scene.order();
      const { jobId } = await caller.job(order);
      const query = await stopOf(caller, jobId);
      expect((await caller.call('PUT', COMPUTE, { query })).status).to.equal(200);
      expect((await caller.job({ ...order, jobId })).status).to.equal(1);
      const replayed = await caller.call('PUT', COMPUTE, { query });
      expect([replayed.status, replayed.text]).to.deep.equal([401, replayed.text]);
      expect(replayed.text).to.contain('this is run 2');
      await scene.gateway().kill();
      await scene.restartGateway();
      expect((await caller.call('PUT', COMPUTE, { query: { ...query, nonce: 1 } })).status).to.equal(401);
      expect((await caller.status(jobId)).status).to.equal(1);
      expect((await caller.stop({ jobId })).jobs()[0]?.status).to.equal(7);
    });
  });
});
