import { EVENTS_PATH } from '@capstan/shared/contract/paths';
import { expect } from 'chai';
import { freePort } from '../../../scripts/parts/free-port.ts';
import { memoryMB } from '../../support/gateway/raw.ts';
import { startGateway, type GatewayScene } from '../../support/gateway/scene.ts';
import { historyOf } from '../../support/live/crowd-messages.ts';
import { gatherCrowd } from '../../support/live/crowd.ts';
import { cursorsOf, told } from '../../support/live/event-stream.ts';

/** What each attempt of a job reports; a job may have any number of attempts. */
const STEPS = [10, 20, 30, 40] as const;
const AT_ONCE = 25;

async function aScene(variables: Readonly<Record<string, string>> = {}) {
  const scene = await startGateway({ variables: { CAPSTAN_GATEWAY_PORT: String(await freePort()), ...variables } });
  const caller = scene.caller();
  const { jobId } = await caller.job(scene.order());
  const [{ frame } = { frame: undefined }] = await told(scene.url, { jobId });
  const begin = frame && 'cursor' in frame ? frame.cursor : Number.NaN;
  return {
    scene,
    owner: caller.address,
    jobId,
    /** The cursor before anything that a test reports. */
    begin,
    eventsUrl: scene.url + EVENTS_PATH,
    [Symbol.asyncDispose]: () => scene[Symbol.asyncDispose](),
  };
}

interface Attempts {
  readonly from: number;
  readonly to: number;
}

/** Sends the events of these attempts, many at a time. */
async function sendAttempts(scene: GatewayScene, jobId: string, { from, to }: Attempts): Promise<void> {
  for (let attempt = from; attempt <= to; attempt += AT_ONCE) {
    const batch = Array.from({ length: Math.min(AT_ONCE, to - attempt + 1) }, (_, i) => attempt + i);
    await Promise.all(batch.flatMap((each) => STEPS.map((code) => scene.send(jobId, code, { attempt: each }))));
  }
}

/** Ends the job; resolves to all that happened to it after a cursor. */
async function finish(scene: GatewayScene, jobId: string, { attempt, from }: { attempt: number; from: number }) {
  expect(await scene.report(jobId, 70, { attempt })).to.equal(true);
  return cursorsOf(await told(scene.url, { jobId, from: String(from) }));
}

describe('a crowd of subscribers', function () {
  it('resumes when the gateway is killed: for each of a thousand nothing is missing, and nothing comes twice', async () => {
    await using set = await aScene();
    const { scene, owner, jobId, begin, eventsUrl } = set;
    await using crowd = await gatherCrowd();
    await crowd.open({ count: 1_000, url: eventsUrl, frame: { owner }, comesBack: true });
    const sending = sendAttempts(scene, jobId, { from: 1, to: 50 });
    await scene.logged('job moved on');
    await scene.gateway().kill();
    await scene.restartGateway();
    await sending;
    await sendAttempts(scene, jobId, { from: 51, to: 100 });
    const cursors = await finish(scene, jobId, { attempt: 101, from: begin });
    await crowd.until(cursors.at(-1) ?? 0);
    const { groups } = await crowd.report();
    for (const { resets, events, history } of groups) {
      expect({ resets, events, history }).to.deep.equal({
        resets: 0,
        events: cursors.length,
        history: historyOf(cursors),
      });
    }
    expect(groups.reduce((sum, { members }) => sum + members, 0)).to.equal(1_000);
    expect(Math.min(...groups.map(({ connections }) => connections))).to.be.at.least(2);
  });

  it('goes on when one of it never reads: that one is closed with the cursor to resume from', async () => {
    await using set = await aScene({
      CAPSTAN_GATEWAY_LIVE_MAX_BUFFERED_KB: '64',
      CAPSTAN_GATEWAY_LIVE_STALL_LIMIT_S: '1',
    });
    const { scene, owner, jobId, begin, eventsUrl } = set;
    await using deaf = await gatherCrowd();
    await using others = await gatherCrowd();
    await deaf.open({ count: 1, url: eventsUrl, frame: { owner }, isDeaf: true });
    await others.open({ count: 20, url: eventsUrl, frame: { owner } });
    // What was sent before the end can still be read then.
    const read = scene.logged('closing a socket').then(() => deaf.listen());
    await sendAttempts(scene, jobId, { from: 1, to: 2_500 });
    const cursors = await finish(scene, jobId, { attempt: 2_501, from: begin });
    expect(cursors).to.have.length(10_001);
    await others.until(cursors.at(-1) ?? 0);
    const { groups } = await others.report();
    expect(groups).to.have.length(1);
    expect(groups[0]).to.include({ members: 20, events: 10_001, history: historyOf(cursors) });

    await read;
    const [slow] = (await deaf.report()).groups;
    expect(slow?.closed?.code).to.equal(4408);
    const resumeFrom = Number(/^cursor (\d+)$/.exec(slow?.closed?.reason ?? '')?.[1]);
    expect(slow?.lastError).to.equal(`TOO_SLOW ${resumeFrom}`);
    const heard = cursors.slice(0, slow?.events);
    expect(heard.at(-1)).to.equal(resumeFrom);
    expect(slow?.history).to.equal(historyOf(heard));
    const rest = cursorsOf(await told(scene.url, { jobId, from: String(resumeFrom) }));
    expect([...heard, ...rest]).to.deep.equal(cursors);
  });

  it('may be ten thousand, in bounded memory', async () => {
    await using set = await aScene();
    const { scene, owner, jobId, begin, eventsUrl } = set;
    await using crowd = await gatherCrowd();
    const { pid } = scene.gateway();
    const beforeMB = await memoryMB(pid);
    await crowd.open({ count: 10_000, url: eventsUrl, frame: { owner } });
    await sendAttempts(scene, jobId, { from: 1, to: 2 });
    const cursors = await finish(scene, jobId, { attempt: 3, from: begin });
    await crowd.until(cursors.at(-1) ?? 0);
    const { groups } = await crowd.report();
    expect(groups).to.have.length(1);
    expect(groups[0]).to.include({ members: 10_000, events: 9, history: historyOf(cursors) });
    // Some 20 KB each, and what the collector has not taken back yet.
    expect((await memoryMB(pid)) - beforeMB).to.be.below(600);
  });
});
