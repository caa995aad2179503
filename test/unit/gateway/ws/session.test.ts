import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { loadConfig } from '@capstan/shared/config/load';
import { jobEvent, type JobEvent } from '@capstan/shared/contract/messages';
import type { ServerFrame, SubscribeFrame } from '@capstan/shared/contract/socket';
import { expect } from 'chai';
import { createConsumer, freeOrder, type Consumer } from '../../../../scripts/parts/consumer.ts';
import { subscribe } from '../../../../scripts/parts/subscription.ts';
import { recordEvent } from '../../../../services/gateway/src/jobs/record-event.ts';
import { createClientIp } from '../../../../services/gateway/src/limits/client-ip.ts';
import { createPlaces } from '../../../../services/gateway/src/limits/places.ts';
import { createSocketServer } from '../../../../services/gateway/src/ws/server.ts';
import { serve } from '../../../support/gateway/http.ts';
import { gatewayParts, someAssets } from '../../../support/gateway/parts.ts';

const PATH = '/api/services/compute/events';

async function aGateway(statusAccess: 'open' | 'signed' = 'open') {
  const { dataset, algorithm } = someAssets();
  const parts = gatewayParts({ assets: [dataset, algorithm], statusAccess });
  const http = await serve();
  const { hub } = parts;
  const sockets = createSocketServer({
    server: http.server,
    path: PATH,
    corsOrigins: ['*'],
    clientIp: createClientIp([]),
    perIp: () => undefined,
    takePlace: createPlaces({ total: 100, perNetwork: 100 }),
    limits: loadConfig({}, '/').gateway.live,
    node: '0xnode',
    ...parts,
  });
  await hub.start();
  await sockets.start();
  return {
    url: http.url,
    async submit(consumer: Consumer) {
      const request = await consumer.startBody({
        environment: 'local',
        dataset: { documentId: dataset.id, serviceId: dataset.services[0]?.id ?? '', transferTxId: freeOrder() },
        algorithm: { documentId: algorithm.id, serviceId: algorithm.services[0]?.id ?? '' },
      });
      return parts.submit({ request, bodyHash: createHash('sha256').update(randomBytes(8)).digest('hex') });
    },
    move: (jobId: JobEvent['jobId'], code: JobEvent['code'], attempt = 1) =>
      parts.store.write((transaction) =>
        recordEvent(parts.store, transaction, jobEvent({ jobId, run: 1, attempt, code, at: 1_000 })),
      ),
    sockets,
    async [Symbol.asyncDispose]() {
      await sockets.stop();
      await hub.stop();
      await http[Symbol.asyncDispose]();
    },
  };
}

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
