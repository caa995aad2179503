import { once } from 'node:events';
import { request, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { expect } from 'chai';
import { COMPUTE } from '../../support/gateway/caller.ts';
import { startGateway, type GatewayScene } from '../../support/gateway/scene.ts';
import { openClient } from '../../support/live/client.ts';

const EVENTS = `${COMPUTE}/events`;

describe('the name that a node is asked by', () => {
  let scene: GatewayScene;
  before(async () => {
    scene = await startGateway({
      variables: {
        CAPSTAN_GATEWAY_HOSTS: JSON.stringify(['node.lan']),
        CAPSTAN_GATEWAY_PUBLIC_URL: 'https://compute.example',
      },
    });
  });
  after(() => scene[Symbol.asyncDispose]());

  /** fetch writes the Host by itself. */
  const ask = async (host: string, more: Readonly<Record<string, string>> = {}, path = '/') => {
    const headers = { host, ...more };
    const asked = request(`${scene.url}${path}`, { headers }).end();
    const response = await Promise.race([once(asked, 'response'), once(asked, 'upgrade')]);
    const [answer] = response as [IncomingMessage];
    if (answer.statusCode === 101) {
      answer.socket.destroy();
      return { status: 101, text: '' };
    }
    return { status: answer.statusCode, text: (await answer.toArray()).join('') };
  };

  it('is an address, localhost, that of publicUrl, or one of gateway.hosts, with any port', async () => {
    const own = ['127.0.0.1', '192.168.3.4:80', '[::1]:8030', '[fe80::1]', 'localhost:1', 'LOCALHOST'];
    for (const host of [...own, 'compute.example', 'compute.example:8443', 'node.lan:8030', 'node.lan.']) {
      expect((await ask(host)).status, host).to.equal(200);
    }
  });

  it('is no other: DNS rebinding finds nothing here', async () => {
    const others = ['evil.example', 'evil.example:8030', 'localhost.evil.example', 'node.lan.evil.example', '0x7f.1'];
    for (const host of others) {
      const { status, text } = await ask(host);
      expect(status, host).to.equal(421);
      expect(JSON.parse(text)).to.have.property('error').that.contains('gateway.hosts');
      expect((await ask(host, {}, `${COMPUTE}?consumerAddress=0x${'1'.repeat(40)}`)).status, host).to.equal(421);
    }
    const upgrade = {
      connection: 'Upgrade',
      upgrade: 'websocket',
      'sec-websocket-version': '13',
      'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
    };
    expect((await ask('evil.example', upgrade, EVENTS)).status).to.equal(421);
    expect((await ask('node.lan', upgrade, EVENTS)).status).to.equal(101);
  });

  it('is one: a proxy in front may go by another of several', async () => {
    const { hostname, port } = new URL(scene.url);
    const socket = connect(Number(port), hostname);
    socket.end('GET / HTTP/1.1\r\nHost: node.lan\r\nHost: evil.example\r\nConnection: close\r\n\r\n');
    const answer = (await socket.toArray()).join('');
    expect(answer).to.match(/^HTTP\/1\.1 400 /);
    expect(answer).to.contain('more than one Host');
  });
});

describe('a node for this machine only', () => {
  const foreign = { Origin: 'https://evil.example' };

  it('shows no status to a page of another origin without proof, whichever way it asks', async () => {
    await using scene = await startGateway();
    const caller = scene.caller();
    const { jobId } = await caller.job(scene.order());
    const query = { jobId };
    for (const path of [COMPUTE, EVENTS]) {
      const refused = await caller.call('GET', path, { query: { ...query, follow: false }, headers: foreign });
      expect(refused.status, path).to.equal(401);
      expect(refused.json()).to.have.property('message').that.contains('gateway.corsOrigins');
    }
    await using socket = openClient(scene.url, { headers: foreign });
    socket.say({ type: 'subscribe', jobId });
    expect(await socket.ended()).to.deep.equal({ code: 4401, error: 'INVALID_SIGNATURE' });

    const open = [{}, { Origin: scene.url }, { Origin: 'http://localhost:3000' }, { Origin: 'http://127.0.0.1:5173' }];
    for (const headers of open) {
      expect((await caller.call('GET', COMPUTE, { query, headers })).jobs()).to.have.length(1);
    }
    for (const Origin of ['null', 'http://localhost.evil.example', 'https://127.0.0.1.evil.example']) {
      expect((await caller.call('GET', COMPUTE, { query, headers: { Origin } })).status, Origin).to.equal(401);
    }
    const { token } = (await caller.createToken()).json() as { token: string };
    const proven = { ...foreign, AuthToken: token };
    expect((await caller.call('GET', COMPUTE, { query, headers: proven })).jobs()).to.have.length(1);
    const signed = { ...query, ...(await caller.signed(jobId)) };
    expect((await caller.call('GET', COMPUTE, { query: signed, headers: foreign })).jobs()).to.have.length(1);
  });

  it('shows it to pages that its operator names, and to all where it has a public address', async () => {
    for (const variables of [
      { CAPSTAN_GATEWAY_CORS_ORIGINS: JSON.stringify(['*', 'https://evil.example']) },
      { CAPSTAN_GATEWAY_PUBLIC_URL: 'https://compute.example' },
    ]) {
      await using scene = await startGateway({ variables });
      const caller = scene.caller();
      const { jobId } = await caller.job(scene.order());
      const answer = await caller.call('GET', COMPUTE, { query: { jobId }, headers: foreign });
      expect(answer.jobs()).to.have.length(1);
    }
  });
});

describe('statuses for who knows the id', () => {
  it('are shown by id to anybody, and as a list to who proves to be their owner', async () => {
    await using scene = await startGateway({ variables: { CAPSTAN_GATEWAY_STATUS_ACCESS: 'id' } });
    const [caller, stranger] = [scene.caller(), scene.caller()];
    const { jobId, documentId, agreementId } = await caller.job(scene.order());
    const consumerAddress = caller.address;
    const get = (query: object) => stranger.call('GET', COMPUTE, { query: { ...query } });
    expect((await get({ jobId })).jobs()).to.have.length(1);
    // As ocean.js polls.
    expect((await get({ jobId, consumerAddress })).jobs()).to.have.length(1);
    for (const query of [{ consumerAddress }, { documentId }, { agreementId }, { jobId: 'x', consumerAddress }]) {
      const answer = await get(query);
      expect(answer.status, JSON.stringify(query)).to.equal(401);
      expect(answer.json()).to.have.property('message').that.contains('ask by jobId');
    }
    const ids = (jobs: readonly { readonly jobId: string }[]) => jobs.map((job) => job.jobId);
    expect(ids((await caller.call('GET', COMPUTE, { query: await caller.signed() })).jobs())).to.deep.equal([jobId]);
    expect(ids((await caller.typed('GET', COMPUTE, { query: { documentId } })).jobs())).to.deep.equal([jobId]);
    expect((await stranger.typed('GET', COMPUTE, { query: { documentId } })).jobs()).to.deep.equal([]);
    await using socket = openClient(scene.url);
    socket.say({ type: 'subscribe', jobs: [jobId] });
    await socket.until(({ type }) => type === 'snapshot', 'the snapshot');
    socket.say({ type: 'subscribe', subscription: 'list', owner: caller.address });
    expect(JSON.stringify(await socket.until(({ type }) => type === 'error', 'the refusal'))).to.contain('INVALID_SIG');
  });
});
