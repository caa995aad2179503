import { once } from 'node:events';
import type { StatusObject } from '@capstan/shared/contract/api';
import type { ServerFrame, SubscribeFrame } from '@capstan/shared/contract/socket';
import { expect } from 'chai';
import { request } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { subscribe } from '../../../scripts/parts/subscription.ts';
import { COMPUTE, type Caller } from '../../support/gateway/caller.ts';
import { startGateway, type GatewayScene } from '../../support/gateway/scene.ts';

describe('asking for statuses', () => {
  let scene: GatewayScene;
  before(async () => {
    scene = await startGateway();
  });
  after(() => scene[Symbol.asyncDispose]());

  const get = (caller: Caller, query: object, path = COMPUTE) => caller.call('GET', path, { query: { ...query } });
  /** fetch would ask caches to be passed over. */
  const getIf = async (query: object, etag: string, method = 'GET') => {
    const url = `${scene.url}${COMPUTE}?${new URLSearchParams({ ...query }).toString()}`;
    const [response] = (await once(request(url, { method, headers: { 'if-none-match': etag } }).end(), 'response')) as [
      IncomingMessage,
    ];
    return { status: response.statusCode, text: (await response.toArray()).join('') };
  };

  it('finds jobs by id, dataset, order and owner, in any letter case of the address, and by all of them at once', async () => {
    const caller = scene.caller();
    const { jobId, documentId, agreementId, owner } = await caller.job(scene.order());
    const newer = await caller.job(scene.order());
    const consumerAddress = caller.address;
    const only = (query: object) => get(caller, query).then((answer) => answer.jobs().map((job) => job.jobId));
    expect(await only({ jobId })).to.deep.equal([jobId]);
    expect(await only({ agreementId })).to.deep.equal([jobId]);
    expect(await only({ agreementId: agreementId.slice(2) })).to.deep.equal([jobId]);
    expect(await only({ consumerAddress })).to.deep.equal([newer.jobId, jobId]);
    expect(await only({ consumerAddress: consumerAddress.toLowerCase() })).to.have.length(2);
    expect(await only({ consumerAddress, documentId, agreementId })).to.deep.equal([jobId]);
    expect(await only({ documentId })).to.include.members([jobId, newer.jobId]);
    expect(await only({ jobId, agreementId: newer.agreementId })).to.deep.equal([]);
    expect(await only({ jobId: '', agreementId })).to.deep.equal([jobId]);
    expect(owner).to.equal(caller.address);
  });

  it('takes an order written without 0x, and shows it with it', async () => {
    const caller = scene.caller();
    const order = scene.order();
    const transferTxId = order.dataset.transferTxId.slice(2);
    const job = await caller.job({ ...order, dataset: { ...order.dataset, transferTxId } });
    expect(job.agreementId).to.equal(order.dataset.transferTxId);
  });

  it('must say whose or which', async () => {
    for (const query of [{}, { jobId: '' }, { dates: 'iso' }, { nonce: '1' }]) {
      const answer = await get(scene.caller(), query);
      expect(answer.status).to.equal(400);
      expect(answer.json()).to.have.property('errors').that.includes.keys('jobId', 'documentId', 'consumerAddress');
    }
  });

  it('is the same at the path that the page names', async () => {
    const caller = scene.caller();
    const body = await caller.startBody(scene.order());
    const [job] = (await caller.call('POST', '/api/compute', { body })).jobs();
    const query = { jobId: job?.jobId };
    expect((await get(caller, query, '/api/compute')).text).to.equal((await get(caller, query)).text);
    const stop = { ...query, ...(await caller.signed(job?.jobId ?? '')) };
    expect((await caller.call('PUT', '/api/compute', { query: stop })).jobs()[0]?.status).to.equal(7);
    const remove = { ...query, ...(await caller.signed(job?.jobId ?? '')) };
    expect((await caller.call('DELETE', '/api/compute', { query: remove })).jobs()[0]?.status).to.equal(8);
  });

  it('gives dates as Unix seconds with milliseconds, or as ISO 8601 to who asks for it', async () => {
    const caller = scene.caller();
    const { jobId } = await caller.job(scene.order());
    await scene.report(jobId, 70, { details: { expiresAt: 1_900_000_000_123 } });
    const [unix] = (await get(caller, { jobId })).jobs();
    const [iso] = (await get(caller, { jobId, dates: 'iso' })).jobs();
    expect(unix?.expireTimestamp).to.equal(1_900_000_000.123);
    expect(iso?.expireTimestamp).to.equal('2030-03-17T17:46:40.123Z');
    for (const field of ['dateCreated', 'dateFinished'] as const) {
      expect(Date.parse(String(iso?.[field])) / 1000).to.equal(unix?.[field]);
    }
    expect((await get(caller, { jobId, dates: 'roman' })).status).to.equal(400);
  });

  it('sends nothing again that has not changed', async () => {
    const caller = scene.caller();
    const { jobId } = await caller.job(scene.order());
    await scene.report(jobId, 40);
    const etag = (await get(caller, { jobId })).headers.get('etag') ?? '';
    expect(await getIf({ jobId }, etag)).to.deep.equal({ status: 304, text: '' });
    expect(await getIf({ jobId }, `"other", ${etag}`)).to.deep.equal({ status: 304, text: '' });
    expect((await getIf({ jobId }, etag, 'HEAD')).status).to.equal(304);
    await scene.report(jobId, 60);
    const changed = await getIf({ jobId }, etag);
    expect(changed.status).to.equal(200);
    expect((JSON.parse(changed.text) as StatusObject[])[0]?.status).to.equal(60);
  });

  it('tells a HEAD how long the answer would be', async () => {
    const caller = scene.caller();
    const { jobId } = await caller.job(scene.order());
    await scene.report(jobId, 40);
    const whole = await get(caller, { jobId });
    const head = await caller.call('HEAD', COMPUTE, { query: { jobId } });
    expect([head.status, head.text]).to.deep.equal([200, '']);
    expect(head.headers.get('content-length')).to.equal(String(Buffer.byteLength(whole.text)));
    expect(head.headers.get('etag')).to.equal(whole.headers.get('etag'));
  });

  it('asks a repeated parameter by its first value', async () => {
    const caller = scene.caller();
    const { jobId } = await caller.job(scene.order());
    const answer = await caller.call('GET', `${COMPUTE}?jobId=${jobId}&jobId=${'0'.repeat(32)}`);
    expect(answer.jobs()[0]?.jobId).to.equal(jobId);
  });
});

describe('asking for statuses where they must be signed', () => {
  let scene: GatewayScene;
  before(async () => {
    scene = await startGateway({ variables: { CAPSTAN_GATEWAY_STATUS_ACCESS: 'signed' } });
  });
  after(() => scene[Symbol.asyncDispose]());

  const get = (caller: Caller, query: object, headers = {}) =>
    caller.call('GET', COMPUTE, { query: { ...query }, headers });
  const tokenOf = async (caller: Caller) => ((await caller.createToken()).json() as { token: string }).token;

  it('names what is missing', async () => {
    const { jobId } = await scene.caller().job(scene.order());
    const answer = await get(scene.caller(), { jobId });
    expect(answer.status).to.equal(400);
    expect(answer.json()).to.have.property('errors').that.has.keys('consumerAddress', 'nonce', 'signature');
  });

  it("shows callers their own jobs only, and says nothing of others'", async () => {
    const [caller, stranger] = [scene.caller(), scene.caller()];
    const { jobId, documentId } = await caller.job(scene.order());
    const ask = async (who: Caller, which: { jobId?: string; documentId?: string }) =>
      get(who, { ...which, ...(await who.signed(which.jobId ?? '', which.documentId ?? '')) });
    for (const which of [{ jobId }, { documentId }, { jobId, documentId }, {}]) {
      expect((await ask(caller, which)).jobs().map((job) => job.jobId)).to.deep.equal([jobId]);
      expect((await ask(stranger, which)).jobs()).to.deep.equal([]);
    }
  });

  it('uses up no nonce, and may be repeated', async () => {
    const caller = scene.caller();
    const { jobId } = await caller.job(scene.order());
    const query = { jobId, ...(await caller.signed(jobId)) };
    const before = await caller.lastNonce();
    for (const _ of [1, 2, 3]) expect((await get(caller, query)).jobs()).to.have.length(1);
    expect(await caller.lastNonce()).to.equal(before);
  });

  it('refuses a signature over something else', async () => {
    const [caller, stranger] = [scene.caller(), scene.caller()];
    const { jobId } = await caller.job(scene.order());
    expect((await get(caller, { jobId, ...(await caller.signed()) })).status).to.equal(401);
    const theirs = { ...(await stranger.signed(jobId)), consumerAddress: caller.address };
    expect((await get(caller, { jobId, ...theirs })).status).to.equal(401);
  });

  it('takes a token instead', async () => {
    const [caller, stranger] = [scene.caller(), scene.caller()];
    const { jobId } = await caller.job(scene.order());
    const query = { jobId, consumerAddress: caller.address, nonce: '1' };
    expect((await get(caller, query, { AuthToken: await tokenOf(caller) })).jobs()).to.have.length(1);
    expect((await get(caller, query, { AuthToken: await tokenOf(stranger) })).status).to.equal(401);
    const { nonce: _, ...nonceless } = query;
    expect((await get(caller, nonceless, { AuthToken: await tokenOf(caller) })).status).to.equal(400);
  });

  describe('live', () => {
    const closeCode = async (frame: Omit<SubscribeFrame, 'type'>) => {
      const socket = new WebSocket(`${scene.url.replace('http', 'ws')}/api/services/compute/events`);
      await once(socket, 'open');
      const frames: ServerFrame[] = [];
      socket.addEventListener('message', ({ data }) => frames.push(JSON.parse(String(data)) as ServerFrame));
      socket.send(JSON.stringify({ type: 'subscribe', ...frame }));
      const [closed] = (await once(socket, 'close')) as [CloseEvent];
      expect(frames.map(({ type }) => type)).to.deep.equal(['hello', 'error']);
      return closed.code;
    };

    it('takes a signature, and shows what follows', async () => {
      const caller = scene.caller();
      const { jobId } = await caller.job(scene.order());
      await using live = await subscribe(scene.url, { jobId, ...(await caller.signed(jobId)) });
      expect(live.snapshot.jobs.map((job) => job.jobId)).to.deep.equal([jobId]);
      await scene.report(jobId, 70);
      await live.ended(jobId);
    });

    it('takes a token in the frame', async () => {
      const [caller, stranger] = [scene.caller(), scene.caller()];
      const { jobId } = await caller.job(scene.order());
      const token = await tokenOf(caller);
      const consumerAddress = caller.address;
      await using live = await subscribe(scene.url, { consumerAddress, nonce: '1', token });
      expect(live.snapshot.jobs.map((job) => job.jobId)).to.deep.equal([jobId]);
      expect(await closeCode({ consumerAddress: stranger.address, nonce: '1', token })).to.equal(4401);
      expect(await closeCode({ consumerAddress, nonce: '1', token: `${token}x` })).to.equal(4401);
      expect(await closeCode({ consumerAddress, nonce: '1' })).to.equal(4400);
    });

    it('shows a stranger who names the job nothing of it', async () => {
      const [caller, stranger] = [scene.caller(), scene.caller()];
      const { jobId } = await caller.job(scene.order());
      await using live = await subscribe(scene.url, { jobId, ...(await stranger.signed(jobId)) });
      expect(live.snapshot.jobs).to.deep.equal([]);
      await scene.report(jobId, 70);
      const mine = await stranger.job(scene.order());
      await using own = await subscribe(scene.url, { jobId: mine.jobId, ...(await stranger.signed(mine.jobId)) });
      await scene.report(mine.jobId, 70);
      await own.ended(mine.jobId);
      expect(live.events()).to.deep.equal([]);
    });
  });
});
