import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { getDesired } from '@capstan/shared/bus/desired';
import { publish } from '@capstan/shared/bus/publish';
import { eventSubject } from '@capstan/shared/bus/subjects';
import type { JobId } from '@capstan/shared/contract/ids';
import { jobEvent, type Desired } from '@capstan/shared/contract/messages';
import { startGateway, type GatewayScene } from '../../support/gateway/scene.ts';

const LIMIT_MS = 20_000;

describe('who may start an attempt', function () {
  this.timeout(60_000);
  let scene: GatewayScene;

  before(async () => {
    scene = await startGateway();
  });
  after(() => scene[Symbol.asyncDispose]());

  /** Asks until there is an answer that fits, as a runner does. */
  async function claim(jobId: string, claimedBy: string, attempt: number, fits: (answer: Desired) => boolean) {
    const deadline = AbortSignal.timeout(LIMIT_MS);
    const id = jobId as JobId;
    const event = jobEvent({ jobId: id, run: 1, attempt, code: 10, at: Date.now() });
    await publish(scene.bus, {
      subject: eventSubject(id),
      messageId: randomUUID(),
      message: { ...event, claimedBy },
    });
    for (;;) {
      deadline.throwIfAborted();
      const answer = await getDesired(scene.bus, id);
      if (answer && fits(answer)) return answer;
    }
  }

  it('is the one who asked first, also after the gateway was restarted; the next attempt is whose it is then', async () => {
    const { jobId } = await scene.caller().job(scene.order());
    await scene.sent(jobId);
    expect((await claim(jobId, 'one', 1, ({ start }) => start !== undefined)).start).to.deep.equal({
      attempt: 1,
      runnerId: 'one',
    });
    await scene.gateway().kill();
    await scene.restartGateway();
    // Whoever asks in vain is told whose it is: the same word as before, so it is the stop that shows that it was said again.
    const second = claim(jobId, 'two', 1, ({ start }) => start !== undefined);
    expect((await second).start).to.deep.equal({ attempt: 1, runnerId: 'one' });
    expect((await claim(jobId, 'two', 2, ({ start }) => start?.attempt === 2)).start).to.deep.equal({
      attempt: 2,
      runnerId: 'two',
    });
    const late = await claim(jobId, 'one', 1, ({ start }) => start !== undefined);
    expect(late.start).to.deep.equal({ attempt: 2, runnerId: 'two' });
  });

  it('is nobody, once the run has ended', async () => {
    const { jobId } = await scene.caller().job(scene.order());
    await scene.sent(jobId);
    await scene.report(jobId, 41);
    const answer = await claim(jobId, 'one', 2, ({ want }) => want === 'ended');
    expect(answer.start).to.equal(undefined);
  });
});
