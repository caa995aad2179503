import type { ServerFrame } from '@capstan/shared/contract/socket';
import { EVENTS_PATH } from '@capstan/shared/contract/paths';
import { expect } from 'chai';
import { COMPUTE, type Caller } from '../../support/gateway/caller.ts';
import { startGateway, type GatewayScene } from '../../support/gateway/scene.ts';
import { cursorsOf, parseEventStream, told } from '../../support/live/event-stream.ts';

/** Reads a stream until what it has sent is enough. */
async function readUntil(response: Response, isEnough: (text: string) => boolean): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  for await (const chunk of response.body ?? []) {
    text += decoder.decode(chunk as Uint8Array, { stream: true });
    if (isEnough(text)) break;
  }
  return text;
}

const eventsUrl = (scene: GatewayScene, query: object) =>
  `${scene.url}${EVENTS_PATH}?${new URLSearchParams({ ...query }).toString()}`;

const statusesOf = (frames: readonly ServerFrame[]) =>
  frames.flatMap((frame) => (frame.type === 'event' ? [frame.status] : []));

describe('live status as server-sent events', () => {
  let scene: GatewayScene;
  before(async () => {
    scene = await startGateway();
  });
  after(() => scene[Symbol.asyncDispose]());

  it('begins with a snapshot, and goes on as things happen', async () => {
    const { jobId } = await scene.caller().job(scene.order());
    const response = await fetch(eventsUrl(scene, { jobId }));
    expect(response.headers.get('content-type')).to.equal('text/event-stream; charset=utf-8');
    expect(response.headers.get('cache-control')).to.equal('no-store');
    await scene.report(jobId, 10);
    const text = await readUntil(response, (all) => all.includes('"status":10,'));
    const events = parseEventStream(text);
    expect(events.map(({ event }) => event)).to.deep.equal(['snapshot', 'caughtUp', 'event']);
    expect(text).to.match(/^retry: \d+\n\n/);
  });

  it('resumes behind the last id, or from where it is told, without a gap', async () => {
    const { jobId } = await scene.caller().job(scene.order());
    for (const code of [10, 20, 30] as const) await scene.report(jobId, code);
    const all = await told(scene.url, { jobId, from: 'start' });
    expect(statusesOf(all.map(({ frame }) => frame))).to.deep.equal([1, 10, 20, 30]);
    const cursors = cursorsOf(all);
    expect(all.filter(({ event }) => event === 'event').map(({ id }) => Number(id))).to.deep.equal(cursors);
    const second = String(cursors[1]);
    const resumed = await told(scene.url, { jobId, from: 'start' }, { 'Last-Event-ID': second });
    expect(cursorsOf(resumed)).to.deep.equal(cursors.slice(2));
    expect(cursorsOf(await told(scene.url, { jobId, from: second }))).to.deep.equal(cursors.slice(2));
  });

  it('is asked for by each thing that a job can be asked for by, and tells of nothing else', async () => {
    const [caller, stranger] = [scene.caller(), scene.caller()];
    const { jobId, documentId, environment } = await caller.job(scene.order());
    const { jobId: second } = await caller.job(scene.order());
    const { jobId: theirs } = await stranger.job(scene.order());
    const jobsOf = async (query: Record<string, string>) => {
      const events = await told(scene.url, { from: 'start', ...query });
      return new Set(events.flatMap(({ frame }) => (frame.type === 'event' ? [frame.jobId] : [])));
    };
    expect(await jobsOf({ jobs: `${jobId},${theirs}` })).to.deep.equal(new Set([jobId, theirs]));
    expect(await jobsOf({ owner: caller.address })).to.deep.equal(new Set([jobId, second]));
    expect(await jobsOf({ consumerAddress: stranger.address })).to.deep.equal(new Set([theirs]));
    expect(await jobsOf({ documentId, owner: stranger.address })).to.deep.equal(new Set([theirs]));
    const owner = caller.address;
    expect(await jobsOf({ environment, owner })).to.deep.equal(new Set([jobId, second]));
    expect(await jobsOf({ environment: 'elsewhere', owner })).to.have.property('size', 0);
  });

  it('keeps of a deleted job only that it was deleted', async () => {
    const caller = scene.caller();
    const { jobId } = await caller.job(scene.order());
    await caller.remove({ jobId });
    const events = (await told(scene.url, { owner: caller.address, from: 'start' })).map(({ frame }) => frame);
    expect(statusesOf(events)).to.deep.equal([8]);
    const [deleted] = events;
    expect(deleted?.type === 'event' && deleted.job).to.include({ jobId, status: 8, removed: 1, documentId: '' });
  });

  it('ends when the node stops', async () => {
    await using stopping = await startGateway();
    const { jobId } = await stopping.caller().job(stopping.order());
    const response = await fetch(eventsUrl(stopping, { jobId }));
    const { promise: isLive, resolve } = Promise.withResolvers<undefined>();
    const text = readUntil(response, (all) => {
      if (all.includes('caughtUp')) resolve(undefined);
      return false;
    });
    await isLive;
    await stopping.gateway().stop();
    expect(parseEventStream(await text).map(({ event }) => event)).to.deep.equal(['snapshot', 'caughtUp']);
  });

  it('says what is wrong before it begins', async () => {
    const get = (query: object, headers = {}) => fetch(eventsUrl(scene, query), { headers });
    expect((await get({})).status).to.equal(400);
    expect((await get({ jobId: 'x', from: 'yesterday' })).status).to.equal(400);
    expect((await get({ jobId: 'x' }, { 'Last-Event-ID': 'last' })).status).to.equal(400);
    expect((await get({ jobId: 'x' }, { AuthToken: 'none' })).status).to.equal(401);
    expect((await get({ jobId: 'x' }, { Accept: 'application/json' })).status).to.equal(406);
  });
});

describe('long poll', () => {
  let scene: GatewayScene;
  before(async () => {
    scene = await startGateway();
  });
  after(() => scene[Symbol.asyncDispose]());

  const poll = (caller: Caller, query: object) => caller.call('GET', COMPUTE, { query: { ...query } });
  const cursorOf = (answer: { headers: Headers }) => answer.headers.get('capstan-cursor') ?? '';

  it('answers with the next event, and at once where one was missed', async () => {
    const caller = scene.caller();
    const { jobId } = await caller.job(scene.order());
    const first = await poll(caller, { jobId, waitFor: 0 });
    expect(first.jobs()[0]?.status).to.equal(1);
    const waiting = poll(caller, { jobId, since: cursorOf(first), waitFor: 60 });
    await scene.report(jobId, 10);
    const second = await waiting;
    expect(second.jobs()[0]?.status).to.equal(10);
    expect(Number(cursorOf(second))).to.be.above(Number(cursorOf(first)));
    const missed = await poll(caller, { jobId, since: cursorOf(first), waitFor: 60 });
    expect(missed.jobs()[0]?.status).to.equal(10);
  });

  it('hears of a job that is new', async () => {
    const caller = scene.caller();
    const begun = await poll(caller, { consumerAddress: caller.address, waitFor: 0 });
    const waiting = poll(caller, { consumerAddress: caller.address, since: cursorOf(begun), waitFor: 60 });
    const { jobId } = await caller.job(scene.order());
    expect((await waiting).jobs().map((job) => job.jobId)).to.deep.equal([jobId]);
  });

  it('answers with how things stand when nothing happens, and when the cursor is of no use', async () => {
    const caller = scene.caller();
    const { jobId } = await caller.job(scene.order());
    const begun = await poll(caller, { jobId, waitFor: 0 });
    const { status, headers } = await poll(caller, { jobId, since: cursorOf(begun), waitFor: 0.05 });
    expect([status, headers.get('capstan-cursor')]).to.deep.equal([200, cursorOf(begun)]);
    expect((await poll(caller, { jobId, since: '9'.repeat(15), waitFor: 60 })).jobs()).to.have.length(1);
    expect((await poll(caller, { jobId, waitFor: 61 })).status).to.equal(400);
    expect((await poll(caller, { jobId, since: 'x' })).status).to.equal(400);
  });

  it('lets pages of other origins read the cursor', async () => {
    const answer = await scene.caller().call('GET', COMPUTE, {
      query: { jobId: 'x', waitFor: 0 },
      headers: { Origin: 'https://app.example' },
    });
    expect(answer.headers.get('access-control-expose-headers')).to.contain('Capstan-Cursor');
  });
});

describe('a cursor', () => {
  const resets = async (scene: GatewayScene, jobId: string, from: string) => {
    const frames = (await told(scene.url, { jobId, from })).map(({ frame }) => frame);
    return frames.map((frame) => (frame.type === 'reset' ? frame.reason : frame.type));
  };

  it('holds across a restart; older than what is kept, or of another store, it is answered with a reset and a snapshot', async () => {
    await using scene = await startGateway();
    const { jobId } = await scene.caller().job(scene.order());
    await scene.report(jobId, 10);
    await scene.report(jobId, 20);
    const [first = 0, , third = 0] = cursorsOf(await told(scene.url, { jobId, from: 'start' }));

    await scene.gateway().kill();
    await scene.restartGateway();
    expect(await resets(scene, jobId, String(first))).to.deep.equal(['event', 'event', 'caughtUp']);
    await scene.report(jobId, 30);
    const [fourth = 0] = cursorsOf(await told(scene.url, { jobId, from: String(third) }));
    // Between the two lives lies what no event has.
    expect(fourth).to.be.above(third + 1);
    const unknown = ['cursor-unknown', 'snapshot', 'caughtUp'];
    expect(await resets(scene, jobId, String(third + 1))).to.deep.equal(unknown);
    expect(await resets(scene, jobId, String(fourth + 1))).to.deep.equal(unknown);

    await scene.gateway().stop();
    await scene.restartGateway({ CAPSTAN_GATEWAY_LIVE_KEEP_EVENTS_DAYS: '0.000000001' });
    await scene.logged('what was old is no longer kept');
    expect(await resets(scene, jobId, String(first))).to.deep.equal(['cursor-too-old', 'snapshot', 'caughtUp']);
    expect(await resets(scene, jobId, String(fourth))).to.deep.equal(['caughtUp']);
    expect(await resets(scene, jobId, 'start')).to.deep.equal(['caughtUp']);
  });
});
