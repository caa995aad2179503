import { DatabaseSync } from 'node:sqlite';
import { join } from 'node:path';
import { expect } from 'chai';
import { COMPUTE } from '../../support/gateway/caller.ts';
import { startGateway, type GatewayScene } from '../../support/gateway/scene.ts';

const RESULT = '/api/services/computeResult';
const LOGS = '/api/services/computeLogs';
const soon = () => Math.floor(Date.now() / 1000) + 60;

describe('a typed signature', () => {
  let scene: GatewayScene;
  before(async () => {
    scene = await startGateway({ variables: { CAPSTAN_GATEWAY_STATUS_ACCESS: 'signed' } });
  });
  after(() => scene[Symbol.asyncDispose]());

  it('carries a job through its whole life, on every route that asks for a signature', async () => {
    const caller = scene.caller();
    const started = await caller.typed('POST', COMPUTE, { body: scene.order() });
    const jobId = started.jobs()[0]?.jobId ?? '';
    const results = await scene.writeResults(jobId, 1, { 'out.txt': 'hello' });
    expect((await caller.typed('PUT', COMPUTE, { query: { jobId } })).jobs()[0]?.status).to.equal(7);
    await scene.report(jobId, 7, { details: { results: [...results] } });
    expect((await caller.typed('GET', COMPUTE)).jobs().map((job) => job.jobId)).to.deep.equal([jobId]);
    expect((await caller.typed('GET', RESULT, { query: { jobId, index: 0, run: 1 } })).text).to.equal('hello');
    expect((await caller.typed('GET', LOGS, { query: { jobId } })).status).to.equal(200);
    const events = await caller.typed('GET', `${COMPUTE}/events`, { query: { from: 'start', follow: false } });
    expect(events.text).to.contain(jobId);
    expect((await caller.typed('POST', `${COMPUTE}/ticket`)).json()).to.have.keys('ticket', 'expires');
    expect((await caller.createToken()).status).to.equal(200);
    const again = await caller.typed('POST', COMPUTE, { body: { ...scene.order(), jobId } });
    expect(again.status, 'another order').to.equal(400);
    expect((await caller.typed('DELETE', COMPUTE, { query: { jobId } })).jobs()[0]?.status).to.equal(8);
  });

  it('is for this request, this body, this node and these minutes, and by whom it says', async () => {
    const caller = scene.caller();
    const order = scene.order();
    const other = `0x${'5'.repeat(40)}`;
    const bent = {
      'another body': { headers: await caller.typedHeaders('POST', COMPUTE, { body: { ...order, x: 1 } }) },
      'another method': { headers: await caller.typedHeaders('PUT', COMPUTE, { body: order }) },
      'another path': { headers: await caller.typedHeaders('POST', `${COMPUTE}/ticket`, { body: order }) },
      'another query': { headers: await caller.typedHeaders('POST', COMPUTE, { body: order, query: { a: 1 } }) },
      'another node': { headers: await caller.typedHeaders('POST', COMPUTE, { body: order, provider: other }) },
      'a time that is over': {
        headers: await caller.typedHeaders('POST', COMPUTE, { body: order, expiresAtS: soon() - 61 }),
      },
      'too late a time': {
        headers: await caller.typedHeaders('POST', COMPUTE, { body: order, expiresAtS: soon() + 600 }),
      },
    };
    for (const [what, { headers }] of Object.entries(bent)) {
      const answer = await caller.call('POST', COMPUTE, { body: order, headers });
      expect(answer.status, what).to.equal(401);
      const { error, message } = answer.json() as { error: string; message: string };
      expect(error).to.equal('Invalid signature provided. Please check the nonce or documentId.');
      expect(message, what).to.contain('Capstan-Signature');
    }
    const headers = await caller.typedHeaders('POST', COMPUTE, { body: order });
    const stolen = { ...order, consumerAddress: scene.caller().address };
    expect((await caller.call('POST', COMPUTE, { body: stolen, headers })).status).to.equal(401);
    expect((await caller.call('POST', COMPUTE, { body: order, headers })).status).to.equal(200);
    expect(await caller.lastNonce()).to.equal(/nonce=(\d+)/.exec(headers['capstan-signature'] ?? '')?.[1]);
  });

  it('that is no header of its form is a 400 that names it', async () => {
    const caller = scene.caller();
    for (const header of ['0x1234', 'address=0x1, nonce=1', 'nonce=1, nonce=2']) {
      const answer = await caller.call('GET', COMPUTE, { headers: { 'capstan-signature': header } });
      expect(answer.status, header).to.equal(400);
      expect(answer.json()).to.have.nested.property('errors.Capstan-Signature');
    }
  });

  it('reads as often as one likes and uses up no nonce; an act takes effect once', async () => {
    const caller = scene.caller();
    const { jobId } = await caller.job(scene.order());
    await scene.writeResults(jobId, 1, { 'out.txt': 'hello' });
    const before = await caller.lastNonce();
    const query = { jobId, index: 0, run: 1 };
    const headers = await caller.typedHeaders('GET', RESULT, { query, nonce: '1' });
    for (const _ of [1, 2, 3]) expect((await caller.call('GET', RESULT, { query, headers })).text).to.equal('hello');
    expect((await caller.call('HEAD', RESULT, { query, headers })).status).to.equal(200);
    expect(await caller.lastNonce()).to.equal(before);
    const stop = await caller.typedHeaders('PUT', COMPUTE, { query: { jobId } });
    expect((await caller.call('PUT', COMPUTE, { query: { jobId }, headers: stop })).status).to.equal(200);
    const replayed = await caller.call('PUT', COMPUTE, { query: { jobId }, headers: stop });
    expect(replayed.status).to.equal(401);
    expect(replayed.json())
      .to.have.property('message')
      .that.contains(await caller.lastNonce());
  });

  it('may be sent by a page of another origin', async () => {
    const headers = {
      Origin: 'https://portal.example',
      'Access-Control-Request-Method': 'PUT',
      'Access-Control-Request-Headers': 'capstan-signature',
    };
    const answer = await scene.caller().call('OPTIONS', COMPUTE, { headers });
    expect(answer.headers.get('access-control-allow-headers')).to.equal('capstan-signature');
    expect(answer.headers.get('access-control-allow-origin')).to.equal('*');
  });

  it('is the same one reader of credentials everywhere: what says nothing counts as absent', async () => {
    const caller = scene.caller();
    const { jobId } = await caller.job(scene.order());
    const nothing = [
      { Authorization: 'Basic YTpi' },
      { AuthToken: 'undefined' },
      { Authorization: 'Bearer undefined' },
    ];
    for (const headers of nothing) {
      const query = { jobId, ...(await caller.signed(jobId)) };
      expect((await caller.call('GET', COMPUTE, { query, headers })).jobs(), JSON.stringify(headers)).to.have.length(1);
      const stop = { jobId, ...(await caller.signed(jobId)) };
      expect((await caller.call('PUT', COMPUTE, { query: stop, headers })).status).to.equal(200);
      expect((await caller.call('GET', RESULT, { query: { jobId, index: 0 }, headers })).status).to.equal(400);
    }
    const { token } = (await caller.createToken()).json() as { token: string };
    const bearer = { Authorization: `Bearer ${token}` };
    const query = { jobId, consumerAddress: caller.address, nonce: caller.nextNonce() };
    expect((await caller.call('DELETE', COMPUTE, { query, headers: bearer })).status).to.equal(200);
  });

  it('or a ticket opens what only reads, and nothing else', async () => {
    const caller = scene.caller();
    const { jobId } = await caller.job(scene.order());
    await scene.writeResults(jobId, 1, { 'out.txt': 'hello' });
    const ticketOf = async () =>
      ((await caller.typed('POST', `${COMPUTE}/ticket`)).json() as { ticket: string }).ticket;
    const result = { jobId, index: 0, run: 1, ticket: await ticketOf() };
    expect((await caller.call('GET', RESULT, { query: result })).text).to.equal('hello');
    expect((await caller.call('GET', RESULT, { query: result })).status, 'once').to.equal(401);
    expect((await caller.call('GET', COMPUTE, { query: { ticket: await ticketOf() } })).jobs()).to.have.length(1);
    const act = { jobId, ticket: await ticketOf(), consumerAddress: caller.address, nonce: caller.nextNonce() };
    for (const method of ['PUT', 'DELETE']) {
      expect((await caller.call(method, COMPUTE, { query: act })).status, method).to.equal(400);
    }
  });
});

describe('a node without signatures over texts', () => {
  it('takes typed ones only, and says so', async () => {
    await using scene = await startGateway({ variables: { CAPSTAN_GATEWAY_AUTH_LEGACY_SIGNATURES: 'false' } });
    const caller = scene.caller();
    const refused = await caller.start(scene.order());
    expect(refused.status).to.equal(401);
    expect(refused.json()).to.have.property('message').that.contains('Capstan-Signature');
    const [job] = (await caller.typed('POST', COMPUTE, { body: scene.order() })).jobs();
    const jobId = job?.jobId ?? '';
    // As ocean.js stops, without the nonce.
    const signature = await caller.sign(caller.address + jobId);
    const stop = { jobId, consumerAddress: caller.address, nonce: caller.nextNonce(), signature };
    expect((await caller.call('PUT', COMPUTE, { body: stop })).status).to.equal(401);
    expect((await caller.typed('PUT', COMPUTE, { body: { jobId } })).jobs()[0]?.status).to.equal(7);
  });
});

describe('what the node remembers of callers', () => {
  it('is nothing of a stranger: no 401, 404, status or act on nothing leaves a row', async () => {
    await using scene = await startGateway({ variables: { CAPSTAN_GATEWAY_STATUS_ACCESS: 'signed' } });
    const owner = scene.caller();
    const { jobId, documentId } = await owner.job(scene.order());
    const stranger = scene.caller();
    const answers = [
      await stranger.result(jobId, 0),
      await stranger.result('0'.repeat(31) + 'a', 0),
      await stranger.call('GET', LOGS, { query: { jobId, ...(await stranger.signed(jobId, 'log')) } }),
      await stranger.stop({ jobId }),
      await stranger.remove({ jobId }),
      await stranger.stop(),
      await stranger.remove({ documentId }),
      await stranger.call('GET', COMPUTE, { query: { jobId, ...(await stranger.signed(jobId)) } }),
      await stranger.call('GET', COMPUTE, { query: await stranger.signed() }),
      await stranger.call('PUT', COMPUTE, { query: { ...(await stranger.signed()), nonce: '1' } }),
      await stranger.start({ ...scene.order(), environment: 'elsewhere' }),
    ];
    expect(answers.map(({ status }) => status)).to.deep.equal([404, 404, 404, 404, 404, 200, 200, 200, 200, 401, 400]);
    // What was accepted is remembered while the gateway lives, so that it is taken for nothing else; it leaves no row.
    expect(await stranger.lastNonce()).not.to.equal('0');
    // It holds the store for itself as long as it lives.
    await scene.gateway().stop();
    const db = new DatabaseSync(join(scene.dataDir, 'store', 'capstan.db'), { readOnly: true });
    const addresses = db.prepare('select address from nonces').all();
    const texts = db.prepare('select purpose from used_texts').all();
    db.close();
    expect(addresses.map((row) => row['address'])).to.deep.equal([owner.address.toLowerCase()]);
    expect(texts).to.deep.equal([]);
  });

  it('outlives it: what was signed to ask is no act after a crash either', async () => {
    await using scene = await startGateway({ variables: { CAPSTAN_GATEWAY_STATUS_ACCESS: 'signed' } });
    const owner = scene.caller();
    const { jobId } = await owner.job(scene.order());
    const polls = [];
    for (const _ of [1, 2, 3]) {
      const query = { jobId, ...(await owner.signed(jobId)) };
      expect((await owner.call('GET', COMPUTE, { query })).jobs()).to.have.length(1);
      polls.push(query);
    }
    await scene.gateway().kill();
    await scene.restartGateway();
    for (const query of polls) expect((await owner.call('DELETE', COMPUTE, { query })).status).to.equal(401);
    const next = String(BigInt(await owner.lastNonce()) + 1n);
    const signature = await owner.sign(owner.address + jobId + next);
    const query = { jobId, consumerAddress: owner.address, nonce: next, signature };
    expect((await owner.call('PUT', COMPUTE, { query })).status).to.equal(200);
  });
});

describe('what somebody else may send again', () => {
  it('counts for nothing of the owner: neither a used act nor a repeated status uses up what they may ask', async () => {
    await using scene = await startGateway({
      variables: {
        CAPSTAN_GATEWAY_STATUS_ACCESS: 'signed',
        CAPSTAN_GATEWAY_LIMITS_PER_CALLER_PER_SECOND: '0.001',
        CAPSTAN_GATEWAY_LIMITS_PER_CALLER_BURST: '3',
      },
    });
    const owner = scene.caller();
    const body = await owner.startBody(scene.order());
    const jobId = (await owner.call('POST', COMPUTE, { body })).jobs()[0]?.jobId ?? '';
    const poll = { jobId, ...(await owner.signed(jobId)) };
    expect((await owner.call('GET', COMPUTE, { query: poll })).status).to.equal(200);
    for (let n = 0; n < 10; n += 1) {
      expect((await owner.call('POST', COMPUTE, { body: { ...body, n } })).status).to.equal(401);
      expect((await owner.call('GET', COMPUTE, { query: poll })).status).to.equal(200);
    }
    expect((await owner.stop({ jobId })).status, 'the third').to.equal(200);
    expect((await owner.stop({ jobId })).status, 'it can tell').to.equal(429);
  });

  it('is no way to fill the store with addresses: tokens and tickets of new ones count like their jobs', async () => {
    await using scene = await startGateway({ variables: { CAPSTAN_GATEWAY_QUOTAS_NEW_ADDRESSES_PER_HOUR: '2' } });
    expect((await scene.caller().createToken()).status).to.equal(200);
    const known = scene.caller();
    expect((await known.typed('POST', `${COMPUTE}/ticket`)).status).to.equal(200);
    expect((await scene.caller().createToken()).status).to.equal(429);
    expect((await scene.caller().typed('POST', `${COMPUTE}/ticket`)).status).to.equal(429);
    expect((await known.createToken()).status).to.equal(200);
  });
});
