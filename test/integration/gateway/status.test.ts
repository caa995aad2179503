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

  it('say with stopreq 2 that the time was over, whoever asked for the end before', async () => {
    const caller = scene.caller();
    for (const isStopped of [false, true]) {
      const order = scene.order();
      const { jobId } = await caller.job(order);
      await scene.report(jobId, 40);
      const stopping = isStopped ? caller.stop({ jobId }) : undefined;
      if (isStopped) await scene.desired(jobId, 'stopped');
      await scene.report(jobId, 43);
      expect(await caller.status(jobId)).to.include({ status: 43, stopreq: 2 });
      expect((await stopping)?.jobs()[0] ?? { stopreq: 2 }).to.include({ stopreq: 2 });
      expect((await caller.job({ ...order, jobId })).stopreq, 'of the next run').to.equal(0);
    }
  });

  it('give addresses of outputs, and one of what the algorithm printed; results name all', async () => {
    const caller = scene.caller();
    const { jobId } = await caller.job(scene.order());
    const results = [
      { filename: 'a', filesize: 1, type: 'output', index: 0 },
      { filename: 'algorithm.log', filesize: 1, type: 'algorithmLog', index: 1 },
      { filename: 'publish.log', filesize: 1, type: 'publishLog', index: 2 },
    ] as const;
    await scene.report(jobId, 70, { details: { results: [...results], expiresAt: Date.now() + 600_000 } });
    const job = await caller.status(jobId);
    const ending = (index: number) => `/api/services/computeResult?jobId=${jobId}&index=${index}`;
    expect(job.results).to.deep.equal(results);
    expect(job.resultsUrls.map((url) => new URL(url)).map(({ pathname, search }) => pathname + search)).to.deep.equal([
      ending(0),
    ]);
    expect(job.algorithmLogUrl?.endsWith(ending(1))).to.equal(true);
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

  it('lists many jobs page by page, by the Link header that each page has but the last', async () => {
    const caller = scene.caller();
    const ids: string[] = [];
    for (let n = 0; n < 7; n += 1) ids.unshift((await caller.job(scene.order())).jobId);
    const listed: string[] = [];
    let next: string | undefined =
      `?${new URLSearchParams({ consumerAddress: caller.address, limit: '3' }).toString()}`;
    let pages = 0;
    while (next !== undefined) {
      const answer: Awaited<ReturnType<Caller['call']>> = await caller.call('GET', `${COMPUTE}${next}`);
      listed.push(...answer.jobs().map(({ jobId }) => jobId));
      next = /^<([^>]+)>; rel="next"$/.exec(answer.headers.get('link') ?? '')?.[1];
      pages += 1;
    }
    expect(pages).to.be.greaterThan(2);
    expect([...new Set(listed)]).to.have.members(ids);
    const none = await get(caller, { consumerAddress: caller.address, status: 'ended' });
    expect(none.jobs()).to.deep.equal([]);
    for (const bad of [{ limit: '0' }, { limit: '1001' }, { cursor: 'x' }, { status: 'late' }]) {
      expect((await get(caller, { consumerAddress: caller.address, ...bad })).status).to.equal(400);
    }
  });

  it('gives a client that knows nothing of pages all of its many jobs at once, as one list', async () => {
    const caller = scene.caller();
    const ids: string[] = [];
    for (let n = 0; n < 60; n += 1) ids.unshift((await caller.job(scene.order())).jobId);
    const answer = await get(caller, { consumerAddress: caller.address });
    expect(answer.jobs().map(({ jobId }) => jobId)).to.deep.equal(ids);
    expect(answer.headers.get('link')).to.equal(null);
    expect((await caller.call('HEAD', COMPUTE, { query: { consumerAddress: caller.address } })).status).to.equal(200);
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

  it('may be repeated, also after an act, and its nonce is one that no act can have', async () => {
    const caller = scene.caller();
    const { jobId } = await caller.job(scene.order());
    const query = { jobId, ...(await caller.signed(jobId)) };
    for (const _ of [1, 2, 3]) expect((await get(caller, query)).jobs()).to.have.length(1);
    expect(await caller.lastNonce()).to.equal(query.nonce);
    expect((await caller.call('DELETE', COMPUTE, { query })).status).to.equal(401);
    await caller.job(scene.order());
    expect((await get(caller, query)).jobs()).to.have.length(1);
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
    // It says whose they are, and a status uses up no nonce.
    expect((await get(caller, {}, { AuthToken: await tokenOf(caller) })).jobs()).to.have.length(1);
    expect((await get(caller, {}, { Authorization: `Bearer ${await tokenOf(caller)}` })).jobs()).to.have.length(1);
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
