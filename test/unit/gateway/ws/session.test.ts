import { once } from 'node:events';
import { parseAddress } from '@capstan/shared/contract/ids';
import type { ServerFrame, SubscribeFrame } from '@capstan/shared/contract/socket';
import { expect } from 'chai';
import { Wallet } from 'ethers';
import { tokenMessage } from '../../../../services/gateway/src/auth/message.ts';
import { createConsumer } from '../../../../scripts/parts/consumer.ts';
import { createTokenRequests } from '../../../../services/gateway/src/auth/token-requests.ts';
import { MOST_OF_AN_OWNER } from '../../../../services/gateway/src/store/revoked-tokens.ts';
import { subscribe } from '../../../../scripts/parts/subscription.ts';
import { aGateway, PATH } from '../../../support/gateway/socket-scene.ts';

/** Sends one frame on a socket of its own; resolves to all frames that came, and the close code. */
async function say(url: string, text: string) {
  const socket = new WebSocket(url.replace('http', 'ws') + PATH);
  const frames: ServerFrame[] = [];
  socket.addEventListener('message', ({ data }) => frames.push(JSON.parse(String(data)) as ServerFrame));
  await once(socket, 'open');
  socket.send(text);
  const [closed] = (await once(socket, 'close')) as [CloseEvent];
  return { frames, code: closed.code };
}

describe('a subscription to live status', () => {
  it('begins with a snapshot, and then has every event once, in order', async () => {
    await using gateway = await aGateway();
    const consumer = createConsumer(gateway.url);
    const job = await gateway.submit(consumer);
    await gateway.move(job.jobId, 10);
    await using live = await subscribe(gateway.url, { jobId: job.jobId });
    expect(live.snapshot.jobs.map(({ jobId, status }) => [jobId, status])).to.deep.equal([[job.jobId, 10]]);
    for (const code of [20, 30, 40, 60, 70] as const) await gateway.move(job.jobId, code);
    await live.ended(job.jobId);
    const events = live.events();
    expect(events.map(({ status }) => status)).to.deep.equal([20, 30, 40, 60, 70]);
    const cursors = [live.snapshot.cursor, ...events.map(({ cursor }) => cursor)];
    expect(cursors).to.deep.equal(cursors.map((_, i) => live.snapshot.cursor + i));
  });

  it('by owner hears of jobs that come later, and of no stranger', async () => {
    await using gateway = await aGateway();
    const consumer = createConsumer(gateway.url);
    const stranger = createConsumer(gateway.url);
    await using live = await subscribe(gateway.url, { consumerAddress: consumer.address.toLowerCase() });
    expect(live.snapshot.jobs).to.deep.equal([]);
    await gateway.submit(stranger);
    const job = await gateway.submit(consumer);
    await live.until(({ jobId }) => jobId === job.jobId, 'the new job');
    expect(live.events().map(({ job: { owner } }) => owner)).to.deep.equal([consumer.address]);
  });

  it('is refused where status must be signed and is not', async () => {
    await using gateway = await aGateway('signed');
    const consumer = createConsumer(gateway.url);
    const job = await gateway.submit(consumer);
    const { frames, code } = await say(gateway.url, JSON.stringify({ type: 'subscribe', jobId: job.jobId }));
    expect(code).to.equal(4400);
    expect(frames.map(({ type }) => type)).to.deep.equal(['hello', 'error']);
  });

  it('is not opened by what a frame says the node should find out', async () => {
    await using gateway = await aGateway('signed');
    const owner = createConsumer(gateway.url);
    const job = await gateway.submit(owner);
    const identity = { address: owner.address.toLowerCase() };
    const claim = { type: 'authenticate', proof: { kind: 'ticket', identity }, identity };
    const { frames, code } = await say(gateway.url, JSON.stringify(claim));
    expect(code).to.equal(4400);
    expect(frames.map(({ type }) => type)).to.deep.equal(['hello', 'error']);
    const log = { type: 'logs', jobId: job.jobId, proof: claim.proof };
    expect((await say(gateway.url, JSON.stringify(log))).code).to.equal(4401);
  });

  it('is told that a frame holds no typed signature, and where one goes', async () => {
    await using gateway = await aGateway('signed');
    const typed = {
      address: `0x${'1'.repeat(40)}`,
      nonce: '1',
      expires: 1_800_000_000,
      signature: `0x${'2'.repeat(130)}`,
    };
    for (const claim of [
      { type: 'subscribe', 'Capstan-Signature': 'address=0x…' },
      { type: 'authenticate', ...typed },
      { type: 'logs', jobId: 'a'.repeat(32), consumerAddress: typed.address, ...typed },
    ]) {
      const { frames, code } = await say(gateway.url, JSON.stringify(claim));
      expect(code).to.equal(4400);
      const [, error] = frames;
      expect(error).to.have.property('message').that.contains('header Capstan-Signature').and.contains('ticket');
    }
  });

  it('shows a signer their own jobs only', async () => {
    await using gateway = await aGateway('signed');
    const owner = createConsumer(gateway.url);
    const stranger = createConsumer(gateway.url);
    const job = await gateway.submit(owner);
    await using mine = await owner.follow();
    expect(mine.snapshot.jobs).to.have.length(1);
    await using theirs = await stranger.follow();
    expect(theirs.snapshot.jobs).to.deep.equal([]);
    await gateway.move(job.jobId, 10);
    await mine.until(({ status }) => status === 10, 'the event');
    expect(theirs.events()).to.deep.equal([]);
  });

  it("is refused with somebody else's signature", async () => {
    await using gateway = await aGateway('signed');
    const consumer = createConsumer(gateway.url);
    const frame: SubscribeFrame = {
      type: 'subscribe',
      consumerAddress: consumer.address,
      nonce: '1',
      signature: `0x${'11'.repeat(64)}1b`,
    };
    expect((await say(gateway.url, JSON.stringify(frame))).code).to.equal(4401);
  });
});

describe('a socket with several subscriptions', () => {
  const refusals = {
    'a subscription to nothing': { type: 'subscribe' },
    "somebody else's log": { type: 'logs', jobId: 'a'.repeat(32) },
    'a log of no job': { type: 'logs' },
    'a place that is none': { type: 'subscribe', jobs: ['a'], from: 'yesterday' },
    'a token that does not count': { type: 'subscribe', jobs: ['a'], token: 'none' },
  };
  for (const [what, frame] of Object.entries(refusals)) {
    it(`refuses ${what} by its name, and goes on with the others`, async () => {
      await using gateway = await aGateway();
      const consumer = createConsumer(gateway.url);
      const job = await gateway.submit(consumer);
      const socket = new WebSocket(gateway.url.replace('http', 'ws') + PATH);
      const frames: ServerFrame[] = [];
      const { promise: hasHeard, resolve } = Promise.withResolvers<undefined>();
      socket.addEventListener('message', ({ data }) => {
        const told = JSON.parse(String(data)) as ServerFrame;
        frames.push(told);
        if (told.type === 'error') void gateway.move(job.jobId, 10);
        if (told.type === 'event') resolve(undefined);
      });
      await once(socket, 'open');
      socket.send(JSON.stringify({ type: 'subscribe', subscription: 'good', jobs: [job.jobId] }));
      socket.send(JSON.stringify({ ...frame, subscription: 'bad' }));
      await hasHeard;
      const refused = frames.filter(({ type }) => type === 'error');
      expect(refused).to.have.length(1);
      expect(refused[0]).to.include({ subscription: 'bad', isOpen: true });
      expect(frames.at(-1)).to.include({ type: 'event', subscription: 'good', status: 10 });
      const closed = once(socket, 'close');
      socket.close();
      await closed;
    });
  }

  it('is told what to mend in the words of its own frames', async () => {
    await using gateway = await aGateway();
    const { frames } = await say(gateway.url, '{"type":"subscribe"}');
    expect(frames[1])
      .to.have.property('message')
      .that.matches(/\bjobs, owner and documentId\b/);
    await using signed = await aGateway('signed');
    const { frames: told } = await say(signed.url, '{"type":"subscribe","jobs":["a"]}');
    expect(told[1])
      .to.have.property('message')
      .that.matches(/^This node shows statuses to the owner/);
  });
});

describe('the live status socket', () => {
  const bad = [
    ['no JSON', 'hello'],
    ['an unknown type', '{"type":"publish"}'],
    ['no type', '{}'],
    ['a prototype name as type', '{"type":"constructor"}'],
    ['nothing selected', '{"type":"subscribe"}'],
    ['a bad address', '{"type":"subscribe","consumerAddress":"me"}'],
  ] as const;
  for (const [what, text] of bad) {
    it(`says what is wrong and closes on ${what}`, async () => {
      await using gateway = await aGateway();
      const { frames, code } = await say(gateway.url, text);
      expect(code).to.equal(4400);
      expect(frames[1]).to.include({ type: 'error' });
    });
  }

  it('answers a ping', async () => {
    await using gateway = await aGateway();
    const socket = new WebSocket(gateway.url.replace('http', 'ws') + PATH);
    await once(socket, 'open');
    socket.send('{"type":"ping"}');
    await once(socket, 'message');
    const [message] = (await once(socket, 'message')) as [MessageEvent];
    expect(message.data).to.equal('{"type":"pong"}');
    const closed = once(socket, 'close');
    socket.close();
    await closed;
  });

  it('takes no frame larger than a subscription needs', async () => {
    await using gateway = await aGateway();
    expect((await say(gateway.url, 'x'.repeat(20_000))).code).to.equal(1009);
  });

  it('exists on its own path only', async () => {
    await using gateway = await aGateway();
    const socket = new WebSocket(`${gateway.url.replace('http', 'ws')}/elsewhere`);
    await once(socket, 'error');
  });

  it('tells its clients when the node stops', async () => {
    await using gateway = await aGateway();
    const consumer = createConsumer(gateway.url);
    const job = await gateway.submit(consumer);
    const socket = new WebSocket(gateway.url.replace('http', 'ws') + PATH);
    await once(socket, 'open');
    socket.send(JSON.stringify({ type: 'subscribe', jobId: job.jobId }));
    await once(socket, 'message');
    const closed = once(socket, 'close');
    await gateway.sockets.stop();
    const [{ code }] = (await closed) as [CloseEvent];
    expect(code).to.equal(1001);
  });
});

describe('a socket that rests on a token', () => {
  it('is closed, and hears why, when the token is taken back together with others', async () => {
    await using gateway = await aGateway();
    const { store, tokens, tokenWatch: watch, authenticate, nonces, clock, log } = gateway.parts;
    const requests = createTokenRequests({ store, tokens, watch, authenticate, nonces, maxTokenDays: 30, clock, log });
    const wallet = Wallet.createRandom();
    const address = parseAddress(wallet.address);
    if (!address) throw new Error('a wallet has an address');
    const soonS = Math.floor(clock.now() / 1_000) + 600;
    const early = await tokens.create(address, soonS);
    const last = await tokens.create(address, soonS + 2 * MOST_OF_AN_OWNER);
    const socket = new WebSocket(gateway.url.replace('http', 'ws') + PATH);
    const frames: ServerFrame[] = [];
    socket.addEventListener('message', ({ data }) => frames.push(JSON.parse(String(data)) as ServerFrame));
    await once(socket, 'open');
    socket.send(JSON.stringify({ type: 'authenticate', token: early.token }));
    await once(socket, 'message');
    while (!frames.some(({ type }) => type === 'authenticated')) await once(socket, 'message');

    // More than an owner has rows for: those that end first go together.
    await store.write(() => {
      for (let n = 0; n < MOST_OF_AN_OWNER; n += 1) {
        store.revokedTokens.add({ jti: `${n}`, address, exp: soonS + n });
      }
    });
    const closed = once(socket, 'close');
    const signature = await wallet.signMessage(tokenMessage({ address, nonce: '1' }));
    await requests.revoke({ address, nonce: '1', signature, token: last.token }, { network: '192.0.2.1' });
    const [event] = (await closed) as [CloseEvent];
    expect([event.code, event.reason]).to.deep.equal([4401, 'TOKEN_ENDED']);
    expect(frames.at(-1)).to.include({ type: 'error', code: 'TOKEN_ENDED' });
  });

  it('rests on so many tokens, and no more: anybody may have any number of their own', async () => {
    await using gateway = await aGateway();
    const { tokens, clock } = gateway.parts;
    const address = parseAddress(Wallet.createRandom().address);
    if (!address) throw new Error('a wallet has an address');
    const soonS = Math.floor(clock.now() / 1_000) + 600;
    const socket = new WebSocket(gateway.url.replace('http', 'ws') + PATH);
    await once(socket, 'open');
    const closed = once(socket, 'close');
    for (let n = 0; n < 30; n += 1) {
      const { token } = await tokens.create(address, soonS + n);
      socket.send(JSON.stringify({ type: 'authenticate', token }));
    }
    const [event] = (await closed) as [CloseEvent];
    expect([event.code, event.reason]).to.deep.equal([4429, 'TOO_MANY']);
  });
});
