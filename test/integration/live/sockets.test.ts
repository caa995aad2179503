import { EVENTS_PATH } from '@capstan/shared/contract/paths';
import type { ServerFrame } from '@capstan/shared/contract/socket';
import { expect } from 'chai';
import type { Caller } from '../../support/gateway/caller.ts';
import { startGateway, type GatewayScene } from '../../support/gateway/scene.ts';
import { openClient, type Client } from '../../support/live/client.ts';
import { OPCODE, openRawSocket } from '../../support/live/raw-socket.ts';

const APP = 'https://app.example';

/** What a socket says of one subscription, by kind; of events, their status. */
const saidOf = (client: Client, subscription: string) =>
  client
    .frames()
    .filter((frame) => 'subscription' in frame && frame.subscription === subscription)
    .map((frame) => (frame.type === 'event' ? frame.status : frame.type));

const isEvent =
  (status: number, subscription = '1') =>
  (frame: ServerFrame) =>
    frame.type === 'event' && frame.status === status && frame.subscription === subscription;

describe('a socket for live status', () => {
  let scene: GatewayScene;
  before(async () => {
    scene = await startGateway({ variables: { CAPSTAN_GATEWAY_CORS_ORIGINS: JSON.stringify([APP]) } });
  });
  after(() => scene[Symbol.asyncDispose]());

  it('holds several subscriptions, each told of its own', async () => {
    const caller = scene.caller();
    const { jobId: a } = await caller.job(scene.order());
    const { jobId: b } = await caller.job(scene.order());
    await scene.report(a, 10);
    await using client = openClient(scene.url);
    client.say({ type: 'subscribe', subscription: 'history', jobs: [a], from: 'start' });
    client.say({ type: 'subscribe', subscription: 'both', jobs: [a, b] });
    await client.until((frame) => frame.type === 'caughtUp' && frame.subscription === 'both', 'both');
    await scene.report(a, 20);
    await scene.report(b, 10);
    await client.until((frame) => frame.type === 'event' && frame.jobId === b, 'the event of b');
    expect(saidOf(client, 'history')).to.deep.equal([1, 10, 'caughtUp', 20]);
    expect(saidOf(client, 'both')).to.deep.equal(['snapshot', 'caughtUp', 20, 10]);
    client.say({ type: 'unsubscribe', subscription: 'both' });
    await client.until((frame) => frame.type === 'unsubscribed', 'the answer');
    await scene.report(a, 30);
    await client.until(isEvent(30, 'history'), '30');
    expect(saidOf(client, 'both')).to.deep.equal(['snapshot', 'caughtUp', 20, 10, 'unsubscribed']);
  });

  it('replaces a subscription by one of the same name', async () => {
    const caller = scene.caller();
    const { jobId: a } = await caller.job(scene.order());
    const { jobId: b } = await caller.job(scene.order());
    await using client = openClient(scene.url);
    client.say({ type: 'subscribe', jobId: a });
    await client.until(({ type }) => type === 'caughtUp', 'the first');
    client.say({ type: 'subscribe', jobId: b });
    await client.until((frame) => frame.type === 'snapshot' && frame.jobs[0]?.jobId === b, 'the second');
    await scene.report(a, 10);
    await scene.report(b, 20);
    await client.until(isEvent(20), '20');
    expect(saidOf(client, '1').filter((said) => typeof said === 'number')).to.deep.equal([20]);
  });

  it('is for pages of the origins that are let in, for its own, and for whoever is no page', async () => {
    const answerTo = async (headers: Record<string, string>) => {
      await using client = openClient(scene.url, { headers });
      return (await client.raw.answered).slice(9, 12);
    };
    expect(await answerTo({ Origin: APP })).to.equal('101');
    expect(await answerTo({ Origin: scene.url })).to.equal('101');
    expect(await answerTo({})).to.equal('101');
    expect(await answerTo({ Origin: 'https://evil.example' })).to.equal('403');
    expect(await answerTo({ Origin: 'null' })).to.equal('403');
  });

  it('is at its own path', async () => {
    for (const path of ['/', '/api/services/compute', `${EVENTS_PATH}/`, '//']) {
      const raw = openRawSocket({ url: scene.url + path, onText: () => undefined });
      expect(await raw.answered, path).to.match(/^HTTP\/1\.1 404 .*There is no WebSocket here\./s);
      await raw.closed;
    }
  });

  it('does not take what is compressed, offers nothing of the kind, and no frame larger than a subscription needs', async () => {
    await using bomb = openClient(scene.url, { headers: { 'Sec-WebSocket-Extensions': 'permessage-deflate' } });
    expect(await bomb.raw.answered).not.to.match(/extensions/i);
    bomb.raw.sendFrame({ opcode: OPCODE.text, reserved: 4, payload: Buffer.alloc(1_000) });
    expect((await bomb.ended()).code).to.equal(1002);
    await using huge = openClient(scene.url);
    await huge.raw.answered;
    huge.raw.sendFrame({ opcode: OPCODE.text, payload: Buffer.alloc(20_000) });
    expect((await huge.ended()).code).to.equal(1009);
  });

  it('closes on too many frames, the protocol’s own pings among them', async () => {
    for (const flood of [
      { opcode: OPCODE.ping },
      { opcode: OPCODE.text, payload: Buffer.from('{"type":"ping"}') },
    ] as const) {
      await using client = openClient(scene.url);
      await client.raw.answered;
      for (let i = 0; i < 1_000; i += 1) client.raw.sendFrame(flood);
      const { code } = await client.ended();
      // Pings that pile up unanswered end a socket without a word.
      expect(code).to.be.oneOf(flood.opcode === OPCODE.ping ? [4429, 1006] : [4429]);
    }
  });

  it('holds a hundred subscriptions, not ten thousand', async () => {
    await using client = openClient(scene.url);
    await client.raw.answered;
    for (let i = 0; i < 10_000; i += 1) {
      client.raw.send(`{"type":"subscribe","subscription":"s${i}","jobId":"${'0'.repeat(32)}"}`);
    }
    expect(await client.ended()).to.deep.equal({ code: 4429, error: 'TOO_MANY' });
    const names = client.frames().flatMap((frame) => (frame.type === 'snapshot' ? [frame.subscription] : []));
    expect(new Set(names).size).to.be.at.most(100);
  });

  it('is one of so many that a network may have', async () => {
    await using few = await startGateway({
      variables: { CAPSTAN_GATEWAY_LIVE_MAX_FOLLOWERS_PER_NETWORK: '2' },
      hasRunner: false,
    });
    await using first = openClient(few.url);
    await using second = openClient(few.url);
    await Promise.all([first.raw.answered, second.raw.answered]);
    await using third = openClient(few.url);
    expect(await third.raw.answered).to.match(/^HTTP\/1\.1 429 .*Retry-After: \d+/s);
    first.raw.socket.destroy();
    await first.raw.closed;
    // An event stream counts like a socket.
    const isLeft = async (): Promise<number> => {
      const { status, body } = await fetch(`${few.url}${EVENTS_PATH}?jobId=x`);
      await body?.cancel();
      return status === 429 ? isLeft() : status;
    };
    expect(await isLeft()).to.equal(200);
  });
});

describe('who is calling on a socket', () => {
  let scene: GatewayScene;
  before(async () => {
    scene = await startGateway({ variables: { CAPSTAN_GATEWAY_STATUS_ACCESS: 'signed' } });
  });
  after(() => scene[Symbol.asyncDispose]());

  const tokenOf = async (caller: Caller, expiresAtS?: number) =>
    ((await caller.createToken(expiresAtS)).json() as { token: string }).token;
  const ticketOf = async (caller: Caller) => {
    const headers = { AuthToken: await tokenOf(caller) };
    const answer = await caller.call('POST', '/api/services/compute/ticket', { headers });
    return (answer.json() as { ticket: string }).ticket;
  };
  const seen = async (client: Client) => {
    client.say({ type: 'subscribe' });
    const frame = await client.until(({ type }) => type === 'snapshot', 'the snapshot');
    return frame.type === 'snapshot' ? frame.jobs.map(({ jobId }) => jobId) : [];
  };

  it('is said by a header, a ticket in the address, or the first frame; nothing more is needed to see one’s own jobs', async () => {
    const caller = scene.caller();
    const { jobId } = await caller.job(scene.order());
    const token = await tokenOf(caller);
    await using byHeader = openClient(scene.url, { headers: { AuthToken: token } });
    await using byBearer = openClient(scene.url, { headers: { Authorization: `Bearer ${token}` } });
    await using byAddress = openClient(scene.url, { search: `?ticket=${await ticketOf(caller)}` });
    await using byToken = openClient(scene.url);
    byToken.say({ type: 'authenticate', token });
    await using byTicket = openClient(scene.url);
    byTicket.say({ type: 'authenticate', ticket: await ticketOf(caller) });
    const headers = await caller.typedHeaders('GET', '/api/services/compute/events');
    await using bySignature = openClient(scene.url, { headers });
    for (const client of [byHeader, byBearer, byAddress, byToken, byTicket, bySignature]) {
      expect(await seen(client)).to.deep.equal([jobId]);
    }
    const answer = await byToken.until(({ type }) => type === 'authenticated', 'the answer');
    expect(answer).to.include({ address: caller.address });
  });

  it('counts once for a ticket', async () => {
    const caller = scene.caller();
    const ticket = await ticketOf(caller);
    {
      await using first = openClient(scene.url);
      first.say({ type: 'authenticate', ticket });
      await first.until(({ type }) => type === 'authenticated', 'the answer');
      await using again = openClient(scene.url);
      again.say({ type: 'authenticate', ticket });
      expect(await again.ended()).to.deep.equal({ code: 4401, error: 'INVALID_SIGNATURE' });
    }
    await using late = openClient(scene.url, { search: `?ticket=${ticket}` });
    expect(await late.raw.answered).to.match(/^HTTP\/1\.1 401 /);
  });

  it('does not see what is somebody else’s', async () => {
    const [caller, stranger] = [scene.caller(), scene.caller()];
    const { jobId, environment } = await caller.job(scene.order());
    const headers = { AuthToken: await tokenOf(stranger) };
    for (const which of [{ jobId }, { environment }, {}]) {
      await using client = openClient(scene.url, { headers });
      client.say({ type: 'subscribe', ...which });
      const frame = await client.until(({ type }) => type === 'snapshot', 'the snapshot');
      expect(frame.type === 'snapshot' && frame.jobs).to.deep.equal([]);
    }
    await using client = openClient(scene.url, { headers });
    client.say({ type: 'subscribe', owner: caller.address });
    expect(await client.ended()).to.deep.equal({ code: 4401, error: 'INVALID_SIGNATURE' });
  });

  it('ends with the token: when it expires, and when it is taken back', async () => {
    const caller = scene.caller();
    const expiring = await tokenOf(caller, Math.floor(Date.now() / 1000) + 2);
    await using first = openClient(scene.url);
    first.say({ type: 'authenticate', token: expiring });
    const token = await tokenOf(caller);
    await using second = openClient(scene.url, { headers: { AuthToken: token } });
    await seen(second);
    await caller.typed('DELETE', '/api/services/deleteAuthToken', { query: { token } });
    expect(await second.ended()).to.deep.equal({ code: 4401, error: 'TOKEN_ENDED' });
    expect(await first.ended()).to.deep.equal({ code: 4401, error: 'TOKEN_ENDED' });
    await using third = openClient(scene.url, { headers: { AuthToken: token } });
    expect(await third.raw.answered).to.match(/^HTTP\/1\.1 401 /);
  });

  it('ends, and so does a log that is followed, when the token is taken back', async () => {
    const caller = scene.caller();
    const { jobId } = await caller.job(scene.order());
    const token = await tokenOf(caller);
    const query = { jobId, follow: 'true', consumerAddress: caller.address, nonce: caller.nextNonce() };
    const address = `${scene.url}/api/services/computeLogs?${new URLSearchParams(query).toString()}`;
    const log = await fetch(address, { headers: { AuthToken: token } });
    expect(log.status).to.equal(200);
    const isBroken = log.text().then(
      () => false,
      () => true,
    );
    await caller.typed('DELETE', '/api/services/deleteAuthToken', { query: { token } });
    expect(await isBroken).to.equal(true);
  });
});

describe('addresses that come over a socket', () => {
  it('are as many as their network may bring', async () => {
    const variables = {
      CAPSTAN_GATEWAY_COMPAT_LEGACY_TOKENS: 'true',
      CAPSTAN_GATEWAY_QUOTAS_NEW_ADDRESSES_PER_HOUR: '2',
    };
    await using scene = await startGateway({ variables });
    const signIn = async () => {
      const caller = scene.caller();
      await using client = openClient(scene.url);
      client.say({ type: 'authenticate', ...(await caller.signed()) });
      const frame = await client.until(({ type }) => type === 'authenticated' || type === 'error', 'the answer');
      return frame.type === 'error' ? frame.code : frame.type;
    };
    expect([await signIn(), await signIn(), await signIn()]).to.deep.equal([
      'authenticated',
      'authenticated',
      'TOO_MANY_REQUESTS',
    ]);
  });
});
