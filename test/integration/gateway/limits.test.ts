import { expect } from 'chai';
import { COMPUTE } from '../../support/gateway/caller.ts';
import { startGateway, type GatewayScene } from '../../support/gateway/scene.ts';

/** So little that none comes back while a test runs, however slow the machine is. */
const PER_SECOND = '0.001';

describe('the limits of what one client may ask', () => {
  let scene: GatewayScene;
  before(async () => {
    scene = await startGateway({
      variables: {
        CAPSTAN_GATEWAY_TRUSTED_PROXIES: '["127.0.0.0/8"]',
        CAPSTAN_GATEWAY_LIMITS_PER_IP_PER_SECOND: PER_SECOND,
        CAPSTAN_GATEWAY_LIMITS_PER_IP_BURST: '3',
        CAPSTAN_GATEWAY_LIMITS_PER_CALLER_PER_SECOND: PER_SECOND,
        CAPSTAN_GATEWAY_LIMITS_PER_CALLER_BURST: '2',
      },
    });
  });
  after(() => scene[Symbol.asyncDispose]());

  let addresses = 0;
  const from = () => ({ 'X-Forwarded-For': `198.51.100.${(addresses += 1)}` });

  it('end in a 429 that says when to come back', async () => {
    const headers = from();
    const ask = () => scene.caller().call('GET', '/', { headers });
    for (const _ of [1, 2, 3]) expect((await ask()).status).to.equal(200);
    const answer = await ask();
    expect(answer.status).to.equal(429);
    expect(Number(answer.headers.get('retry-after'))).to.be.within(1, 1 / Number(PER_SECOND));
    expect(answer.json()).to.have.property('error').that.contains('Too many');
  });

  it('are counted by address: others are not held up, and what a client writes before the proxy does is not believed', async () => {
    const headers = { 'X-Forwarded-For': `6.6.6.6, ${from()['X-Forwarded-For']}` };
    const spoof = (i: number) => ({ 'X-Forwarded-For': headers['X-Forwarded-For'].replace('6.6.6.6', `6.6.6.${i}`) });
    for (const i of [1, 2, 3])
      expect((await scene.caller().call('GET', '/', { headers: spoof(i) })).status).to.equal(200);
    expect((await scene.caller().call('GET', '/', { headers: spoof(4) })).status).to.equal(429);
    expect((await scene.caller().call('GET', '/', { headers: from() })).status).to.equal(200);
  });

  it('count the addresses of one IPv6 network together', async () => {
    const ask = (host: number) =>
      scene.caller().call('GET', '/', { headers: { 'X-Forwarded-For': `2001:db8:1:2::${host}` } });
    for (const host of [1, 2, 3]) expect((await ask(host)).status).to.equal(200);
    expect((await ask(4)).status).to.equal(429);
    const neighbour = { 'X-Forwarded-For': '2001:db8:1:3::1' };
    expect((await scene.caller().call('GET', '/', { headers: neighbour })).status).to.equal(200);
  });

  it('count each asset of a quote as a request', async () => {
    const caller = scene.caller();
    const { dataset, algorithm, environment } = scene.order();
    const quote = (datasets: number, headers = from()) =>
      caller.call('POST', '/api/services/initializeCompute', {
        body: {
          datasets: Array.from({ length: datasets }, () => dataset),
          algorithm,
          compute: { env: environment, validUntil: Math.floor(Date.now() / 1_000) + 600 },
          consumerAddress: caller.address,
        },
        headers,
      });
    const headers = from();
    expect((await quote(1, headers)).status).to.equal(200);
    expect((await quote(1, headers)).status).to.equal(429);
    // What is more than a network may ask for at once is asked for by one that has rested.
    expect((await quote(3)).status).to.equal(200);
  });

  it('hold for a caller from however many networks', async () => {
    const caller = scene.caller();
    const stop = async () => caller.call('PUT', COMPUTE, { query: await caller.signed(), headers: from() });
    for (const _ of [1, 2]) expect((await stop()).status).to.equal(200);
    const answer = await stop();
    expect(answer.status).to.equal(429);
    expect(Number(answer.headers.get('retry-after'))).to.be.within(1, 1 / Number(PER_SECOND));
  });

  it('are not used up by those who only claim to be a caller', async () => {
    const [caller, stranger] = [scene.caller(), scene.caller()];
    for (const _ of [1, 2, 3, 4]) {
      const query = { ...(await stranger.signed()), consumerAddress: caller.address };
      expect((await stranger.call('PUT', COMPUTE, { query, headers: from() })).status).to.equal(401);
    }
    expect((await caller.call('PUT', COMPUTE, { query: await caller.signed(), headers: from() })).status).to.equal(200);
  });
});

describe('X-Forwarded-For where no proxy is trusted', () => {
  it('is what anybody can write, and counts for nothing', async () => {
    const variables = {
      CAPSTAN_GATEWAY_LIMITS_PER_IP_PER_SECOND: PER_SECOND,
      CAPSTAN_GATEWAY_LIMITS_PER_IP_BURST: '3',
    };
    await using scene = await startGateway({ variables });
    const ask = (i: number) => scene.caller().call('GET', '/', { headers: { 'X-Forwarded-For': `198.51.100.${i}` } });
    for (const i of [1, 2, 3]) expect((await ask(i)).status).to.equal(200);
    expect((await ask(4)).status).to.equal(429);
  });
});

describe('web pages of other origins', () => {
  const PREFLIGHT = {
    'Access-Control-Request-Method': 'PUT',
    'Access-Control-Request-Headers': 'authtoken,content-type',
  };
  const header = (name: string, { headers }: { readonly headers: Headers }) => headers.get(`access-control-${name}`);

  it('may read all answers by default, errors too, and never with credentials', async () => {
    await using scene = await startGateway();
    const Origin = 'https://market.example';
    const caller = scene.caller();
    const preflight = await caller.call('OPTIONS', COMPUTE, { headers: { Origin, ...PREFLIGHT } });
    expect(preflight.status).to.equal(204);
    expect(header('allow-origin', preflight)).to.equal('*');
    expect(header('allow-methods', preflight)).to.contain('PUT').and.contain('DELETE');
    expect(header('allow-headers', preflight)).to.match(/authtoken/i);
    const answers = [
      preflight,
      await caller.call('GET', '/', { headers: { Origin } }),
      await caller.call('GET', COMPUTE, { headers: { Origin } }),
      await caller.call('GET', '/nowhere', { headers: { Origin } }),
    ];
    for (const answer of answers) {
      expect(header('allow-origin', answer)).to.equal('*');
      expect(header('allow-credentials', answer)).to.equal(null);
    }
  });

  it('may be named one by one', async () => {
    const variables = { CAPSTAN_GATEWAY_CORS_ORIGINS: '["https://market.example","https://other.example"]' };
    await using scene = await startGateway({ variables });
    const ask = (Origin: string, method = 'GET') =>
      scene.caller().call(method, '/', { headers: { Origin, ...(method === 'OPTIONS' ? PREFLIGHT : {}) } });
    for (const method of ['GET', 'OPTIONS']) {
      const allowed = await ask('https://other.example', method);
      expect(header('allow-origin', allowed)).to.equal('https://other.example');
      expect(allowed.headers.get('vary')).to.contain('Origin');
      expect(header('allow-credentials', allowed)).to.equal(null);
      for (const Origin of [
        'https://evil.example',
        'https://market.example.evil.example',
        'null',
        'http://market.example',
      ]) {
        expect(header('allow-origin', await ask(Origin, method)), Origin).to.equal(null);
      }
    }
  });
});
