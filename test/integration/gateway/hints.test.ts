import { once } from 'node:events';
import { expect } from 'chai';
import { broadcast } from '@capstan/shared/bus/publish';
import { progressSubject } from '@capstan/shared/bus/subjects';
import type { JobId } from '@capstan/shared/contract/ids';
import type { Progress } from '@capstan/shared/contract/progress';
import type { ServerFrame, SubscribeFrame } from '@capstan/shared/contract/socket';
import { createMailbox } from '../../../scripts/parts/mailbox.ts';
import { COMPUTE, type Caller } from '../../support/gateway/caller.ts';
import { startGateway, type GatewayScene } from '../../support/gateway/scene.ts';

type Hint = Extract<ServerFrame, { type: 'progress' | 'queue' | 'snapshot' }>;

async function listenTo(url: string, which: Omit<SubscribeFrame, 'type'>) {
  const socket = new WebSocket(`${url.replace(/^http/, 'ws')}${COMPUTE}/events`);
  const frames = createMailbox<ServerFrame>({ name: 'hints', keep: 10_000, show: (frame) => JSON.stringify(frame) });
  socket.addEventListener('message', ({ data }) => frames.put(JSON.parse(String(data)) as ServerFrame));
  socket.addEventListener('open', () => socket.send(JSON.stringify({ type: 'subscribe', ...which })));
  const closed = once(socket, 'close');
  const until = <Frame extends Hint['type']>(
    type: Frame,
    isIt: (frame: Extract<Hint, { type: Frame }>) => boolean,
  ): Promise<Extract<Hint, { type: Frame }>> =>
    frames.first({
      match: (frame) => {
        const hint = frame as Extract<Hint, { type: Frame }>;
        return frame.type === type && isIt(hint) ? hint : undefined;
      },
      what: `such a ${type}`,
      limitMs: 60_000,
    });
  await frames.first({
    match: (frame) => (frame.type === 'caughtUp' ? frame : undefined),
    what: 'the end of history',
    limitMs: 60_000,
  });
  return {
    until,
    all: (type: Hint['type']) => frames.items().filter((frame) => frame.type === type),
    async [Symbol.asyncDispose]() {
      socket.close();
      await closed;
    },
  };
}

describe('between its events, a job', () => {
  let scene: GatewayScene;
  let owner: Caller;

  beforeEach(async () => {
    scene = await startGateway();
    owner = scene.caller();
  });
  afterEach(() => scene[Symbol.asyncDispose]());

  const say = (jobId: string, more: Partial<Progress>) =>
    broadcast(scene.bus, progressSubject(jobId as JobId), {
      v: 1,
      jobId,
      run: 1,
      attempt: 1,
      phase: 'provision',
      doneBytes: 0,
      totalBytes: null,
      at: Date.now(),
      ...more,
    });

  it('shows how far its phase is to who follows it, and to who comes later', async () => {
    const { jobId } = await owner.job(scene.order());
    await scene.report(jobId, 10);
    await using follower = await listenTo(scene.url, { jobs: [jobId] });
    say(jobId, { doneBytes: 10, totalBytes: 100 });
    const { subscription, phase, totalBytes } = await follower.until('progress', ({ doneBytes }) => doneBytes === 10);
    expect([subscription, phase, totalBytes]).to.deep.equal(['1', 'provision', 100]);
    await using late = await listenTo(scene.url, { owner: owner.address });
    const { progress } = await late.until('snapshot', () => true);
    expect(progress.map(({ doneBytes }) => doneBytes)).to.deep.equal([10]);
    // As server-sent events, too.
    const { text } = await owner.call('GET', `${COMPUTE}/events`, { query: { jobId, follow: false } });
    expect(text).to.contain('"doneBytes":10');
  });

  it('shows no progress of what is over, or not its own', async () => {
    const { jobId } = await owner.job(scene.order());
    await scene.report(jobId, 10);
    await using follower = await listenTo(scene.url, { jobs: [jobId] });
    say(jobId, { doneBytes: 1 });
    await follower.until('progress', ({ doneBytes }) => doneBytes === 1);
    await scene.report(jobId, 40);
    say(jobId, { doneBytes: 2 });
    say(jobId, { phase: 'publish', run: 2, doneBytes: 3 });
    say('0'.repeat(32), { phase: 'publish', doneBytes: 4 });
    say(jobId, { phase: 'publish', doneBytes: -1 });
    say(jobId, { phase: 'publish', doneBytes: 5 });
    await follower.until('progress', ({ doneBytes }) => doneBytes === 5);
    expect(follower.all('progress')).to.have.length(2);
    await scene.report(jobId, 70, { details: { results: [] } });
    await using late = await listenTo(scene.url, { jobs: [jobId] });
    expect((await late.until('snapshot', () => true)).progress).to.deep.equal([]);
  });

  it('is told when its place in the queue changes', async () => {
    const running = [await owner.job(scene.order()), await owner.job(scene.order())];
    for (const { jobId } of running) await scene.report(jobId, 10);
    const [first, second] = [await owner.job(scene.order()), await owner.job(scene.order())];
    await using follower = await listenTo(scene.url, { jobs: [first.jobId, second.jobId] });
    await scene.report(running[0]?.jobId ?? '', 70, { details: { results: [] } });
    await scene.report(first.jobId, 10);
    const moved = await follower.until('queue', ({ jobId, position }) => jobId === second.jobId && position === 1);
    expect(moved.reason).to.contain('All 2 places');
    expect((await owner.status(second.jobId)).queue).to.deep.equal({ position: 1, reason: moved.reason });
  });
});
