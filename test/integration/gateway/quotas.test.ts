import { expect } from 'chai';
import { COMPUTE, type Caller } from '../../support/gateway/caller.ts';
import { startMetadataStore } from '../../support/metadata-store.ts';
import { startGateway, type GatewayScene } from '../../support/gateway/scene.ts';

describe('quotas of what waits', () => {
  let scene: GatewayScene;
  before(async () => {
    scene = await startGateway({
      // Nobody takes a job: all that come wait.
      hasRunner: true,
      variables: {
        CAPSTAN_GATEWAY_TRUSTED_PROXIES: '["127.0.0.0/8"]',
        CAPSTAN_GATEWAY_QUOTAS_WAITING_JOBS_PER_ADDRESS: '3',
        CAPSTAN_GATEWAY_QUOTAS_WAITING_PER_ADDRESS_MB: '1',
        CAPSTAN_GATEWAY_QUOTAS_WAITING_JOBS: '40',
        CAPSTAN_GATEWAY_QUOTAS_NEW_ADDRESSES_PER_HOUR: '6',
      },
    });
    // Two are sent to the runner, which has two places.
    const places = scene.caller();
    for (const _ of [1, 2]) await scene.sent((await start(places, '203.0.113.1')).jobs()[0]?.jobId ?? '');
  });
  after(() => scene[Symbol.asyncDispose]());

  const start = async (caller: Caller, from: string, more: object = {}) =>
    caller.call('POST', COMPUTE, {
      body: await caller.startBody({ ...scene.order(), ...more }),
      headers: { 'X-Forwarded-For': from },
    });

  it('end an address that floods in a 429 that says which setting it was, and no other', async () => {
    const caller = scene.caller();
    for (const _ of [1, 2, 3]) expect((await start(caller, '203.0.113.2')).status).to.equal(200);
    const nonce = await caller.lastNonce();
    const answer = await start(caller, '203.0.113.2');
    expect(answer.status).to.equal(429);
    expect(answer.json()).to.have.property('error').that.contains('gateway.quotas.waitingJobsPerAddress');
    expect(answer.headers.get('retry-after')).to.equal('60');
    expect(await caller.lastNonce()).to.equal(nonce);
    expect((await start(scene.caller(), '203.0.113.2')).status).to.equal(200);
    expect((await caller.stop()).status).to.equal(200);
    expect((await start(caller, '203.0.113.2')).status).to.equal(200);
  });

  it('count what is stored for jobs that wait', async () => {
    const caller = scene.caller();
    const algorithm = { ...scene.order().algorithm, algocustomdata: { text: 'x'.repeat(600_000) } };
    expect((await start(caller, '203.0.113.3', { algorithm })).status).to.equal(200);
    const answer = await start(caller, '203.0.113.3', { algorithm });
    expect([answer.status, answer.text]).to.satisfy(
      ([status, text]: [number, string]) => status === 429 && text.includes('waitingPerAddressMB'),
    );
    expect((await caller.stop()).status).to.equal(200);
  });

  it('let one network have a quarter, with however many addresses, and bring so many new ones an hour', async () => {
    const callers = [1, 2, 3, 4, 5].map(() => scene.caller());
    const taken: number[] = [];
    for (const caller of callers) for (const _ of [1, 2, 3]) taken.push((await start(caller, '203.0.113.4')).status);
    expect(taken.filter((status) => status === 200)).to.have.length(10);
    const last = await start(scene.caller(), '203.0.113.4');
    expect(last.text).to.contain('Of this network').and.contain('waitingJobs');
    expect((await start(scene.caller(), '203.0.113.5')).status).to.equal(200);

    // Each stops what it began, so that only its being new counts.
    const statuses: number[] = [];
    for (let n = 0; n < 7; n += 1) {
      const caller = scene.caller();
      statuses.push((await start(caller, '203.0.113.6')).status);
      await caller.stop();
    }
    expect(statuses).to.deep.equal([200, 200, 200, 200, 200, 200, 429]);
    expect((await start(scene.caller(), '203.0.113.7')).status).to.equal(200);
  });
});

describe('what an unsigned request makes the node ask of others', () => {
  it('is bounded for a network: once its budget is used up, nobody outside hears of it', async () => {
    await using metadata = await startMetadataStore();
    await using scene = await startGateway({
      variables: {
        CAPSTAN_GATEWAY_METADATA_STORE_URL: metadata.url,
        CAPSTAN_GATEWAY_LIMITS_OUTSIDE_PER_SECOND: '0.001',
        CAPSTAN_GATEWAY_LIMITS_OUTSIDE_BURST: '100',
      },
    });
    const datasets = Array.from({ length: 33 }, (_, n) => ({
      documentId: `did:op:${String(n).padStart(64, '0')}`,
      serviceId: '0',
    }));
    const body = {
      datasets,
      algorithm: scene.order().algorithm,
      compute: { env: scene.order().environment, validUntil: Math.floor(Date.now() / 1_000) + 60 },
      consumerAddress: scene.caller().address,
    };
    const ask = () => scene.caller().call('POST', '/api/services/initializeCompute', { body });
    expect((await ask()).status).to.equal(400);
    // The first bad answer of the store is enough for a refusal; the other questions are on their way by then.
    await metadata.untilAnswered(datasets.length);
    const refused = await ask();
    expect([refused.status, metadata.answers().length]).to.deep.equal([429, datasets.length]);
    expect((await scene.caller().start(scene.order())).status, 'a small request of the same network').to.equal(200);
  });
});
