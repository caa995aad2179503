import { once } from 'node:events';
import { expect } from 'chai';
import { broadcast, listen, publish } from '@capstan/shared/bus/publish';
import { clearedSubject, eventSubject, WHAT_IS_LEFT } from '@capstan/shared/bus/subjects';
import type { Cleared, RemainsQuestion } from '@capstan/shared/contract/cleared';
import type { JobId } from '@capstan/shared/contract/ids';
import { jobEvent } from '@capstan/shared/contract/messages';
import type { ServerFrame } from '@capstan/shared/contract/socket';
import { createMailbox } from '../../../scripts/parts/mailbox.ts';
import { COMPUTE, type Caller } from '../../support/gateway/caller.ts';
import { startGateway, type GatewayScene } from '../../support/gateway/scene.ts';

const LIMIT_MS = 60_000;

/** What who follows a job over the socket is told, once it listens. */
async function follow(url: string, jobId: string) {
  const socket = new WebSocket(`${url.replace(/^http/, 'ws')}${COMPUTE}/events`);
  const frames = createMailbox<ServerFrame>({ name: 'frames', keep: 1_000, show: (frame) => JSON.stringify(frame) });
  socket.addEventListener('message', ({ data }) => frames.put(JSON.parse(String(data)) as ServerFrame));
  socket.addEventListener('open', () => socket.send(JSON.stringify({ type: 'subscribe', jobs: [jobId] })));
  const closed = once(socket, 'close');
  const first = (type: ServerFrame['type']) =>
    frames.first({ match: (frame) => (frame.type === type ? frame : undefined), what: type, limitMs: LIMIT_MS });
  await first('caughtUp');
  return {
    first,
    async [Symbol.asyncDispose]() {
      socket.close();
      await closed;
    },
  };
}

describe('the containers and volumes of a job that has ended', () => {
  let scene: GatewayScene;
  let owner: Caller;

  beforeEach(async () => {
    scene = await startGateway();
    owner = scene.caller();
  });
  afterEach(() => scene[Symbol.asyncDispose]());

  const say = (jobId: string, more: Partial<Cleared> = {}) =>
    broadcast(scene.bus, clearedSubject(more.runnerId ?? 'played'), {
      v: 1,
      runnerId: 'played',
      former: [],
      because: 'ended',
      runs: [{ jobId: jobId as JobId, run: 1 }],
      ...more,
    });
  const statusOf = async (jobId: string) => {
    const answer = await owner.call('GET', COMPUTE, { query: { jobId } });
    return { etag: answer.headers.get('etag'), removed: answer.jobs()[0]?.removed };
  };
  const running = async (order = scene.order()) => {
    const { jobId } = await owner.job(order);
    await scene.sent(jobId);
    await scene.report(jobId, 40);
    return jobId;
  };

  it('are gone once its runner says so: told to who follows it, and by every status from then on', async () => {
    const jobId = await running();
    await scene.report(jobId, 70);
    await using follower = await follow(scene.url, jobId);
    const before = await statusOf(jobId);
    expect(before.removed).to.equal(0);
    say(jobId);
    expect(await follower.first('removed')).to.deep.include({ subscription: '1', jobId, run: 1 });
    const after = await statusOf(jobId);
    expect(after.removed).to.equal(1);
    expect(after.etag).to.be.a('string').and.not.equal(before.etag);
    expect((await statusOf(jobId)).etag).to.equal(after.etag);
  });

  it('are gone also where the word comes before the end', async () => {
    const jobId = await running();
    await using follower = await follow(scene.url, jobId);
    say(jobId);
    await scene.report(jobId, 70);
    await follower.first('removed');
    expect((await statusOf(jobId)).removed).to.equal(1);
  });

  it('were never there, of a job that was stopped while it waited', async () => {
    await running();
    await running();
    const { jobId } = await owner.job(scene.order());
    const [stopped] = (await owner.stop({ jobId })).jobs();
    expect(stopped).to.include({ status: 7, removed: 1 });
  });

  it('are there again when the job is started once more', async () => {
    const order = scene.order();
    const jobId = await running(order);
    await using follower = await follow(scene.url, jobId);
    await scene.report(jobId, 70);
    say(jobId);
    await follower.first('removed');
    await owner.job({ ...order, jobId });
    expect((await statusOf(jobId)).removed).to.equal(0);
    // Of the run before: nobody hears of it any more.
    say(jobId);
    await scene.report(jobId, 10, { run: 2 });
    expect((await statusOf(jobId)).removed).to.equal(0);
  });

  it('are asked for by the sweep, where the word was lost', async () => {
    const jobId = await running();
    await scene.report(jobId, 70);
    const listening = new AbortController();
    const handle = (question: unknown) => say(jobId, { because: 'none', runs: (question as RemainsQuestion).runs });
    listen(scene.bus, { subject: WHAT_IS_LEFT, handle, signal: listening.signal });
    await scene.gateway().stop();
    await scene.restartGateway();
    await using follower = await follow(scene.url, jobId);
    if ((await statusOf(jobId)).removed === 0) await follower.first('removed');
    listening.abort();
    expect((await statusOf(jobId)).removed).to.equal(1);
  });

  it('are known to the runner alone that started its algorithm', async () => {
    const { jobId } = await owner.job(scene.order());
    await scene.sent(jobId);
    const claim = jobEvent({ jobId: jobId as JobId, run: 1, attempt: 1, code: 10, at: Date.now() });
    await publish(scene.bus, {
      subject: eventSubject(claim.jobId),
      messageId: 'claim',
      message: { ...claim, claimedBy: 'played-before' },
    });
    await scene.desired(jobId, 'run');
    await scene.report(jobId, 70);
    await using follower = await follow(scene.url, jobId);
    say(jobId, { runnerId: 'another' });
    const other = await running();
    await scene.report(other, 70);
    await using next = await follow(scene.url, other);
    say(other);
    await next.first('removed');
    expect((await statusOf(jobId)).removed).to.equal(0);
    say(jobId, { former: ['played-before'] });
    await follower.first('removed');
  });
});
