import { expect } from 'chai';
import type { EnvironmentObject } from '@capstan/shared/contract/answers';
import type { EnvironmentId, JobId } from '@capstan/shared/contract/ids';
import { eventNumber } from '@capstan/shared/contract/status';
import { announceSubject, eventSubject, loggedSubject, logSubject } from '@capstan/shared/bus/subjects';
import { broadcast, publish } from '@capstan/shared/bus/publish';
import { answerQuestions } from '@capstan/shared/bus/request';
import type { Environment } from '@capstan/shared/contract/messages';
import { followOverSocket } from '../../support/gateway/log-follower.ts';
import { ENVIRONMENT } from '../../support/gateway/parts.ts';
import { startGateway, type GatewayScene } from '../../support/gateway/scene.ts';

describe('a gateway with a hostile or odd runner', function () {
  let scene: GatewayScene;
  let events = 0;

  before(async () => {
    scene = await startGateway();
  });
  after(() => scene[Symbol.asyncDispose]());

  const tell = (jobId: string, facts: Readonly<Record<string, unknown>>) =>
    publish(scene.bus, {
      subject: eventSubject(jobId as JobId),
      messageId: `odd-${(events += 1)}`,
      message: { v: 1, jobId, run: 1, attempt: 1, n: eventNumber(10), code: 10, at: Date.now(), details: {}, ...facts },
    });
  const environments = async () => {
    const answer = await fetch(`${scene.url}/api/services/computeEnvironments`);
    return Object.values((await answer.json()) as Record<string, readonly EnvironmentObject[]>)[0] ?? [];
  };
  const announce = (runnerId: string, offered: readonly unknown[]) =>
    broadcast(scene.bus, announceSubject(runnerId), {
      v: 1,
      runnerId,
      instance: runnerId,
      environments: offered,
      jobs: [],
    });
  const named = (id: string, more: Partial<Environment> = {}): Environment => ({
    ...ENVIRONMENT,
    id: id as EnvironmentId,
    ...more,
  });

  it('goes on with all other jobs whatever the events of one hold', async () => {
    const caller = scene.caller();
    const strange = await caller.job(scene.order());
    const ordinary = await caller.job(scene.order());
    const times = [Date.now() + 0.5, 1e300, -1, Number.MAX_SAFE_INTEGER * 4];
    // More than the gateway holds unacknowledged.
    const sending = [];
    for (let n = 0; n < 1_200; n += 1) sending.push(tell(strange.jobId, { at: times[n % times.length] }));
    await Promise.all(sending);
    const wide = { results: [{ filename: 'a', filesize: 0.5, type: 'output', index: 0 }], expiresAt: 1e300 };
    await tell(strange.jobId, { code: 70, n: eventNumber(70), details: wide });
    await tell(strange.jobId, { run: 1e300 });
    expect(await scene.report(ordinary.jobId, 10)).to.equal(true);
    await scene.gateway().stop();
    await scene.restartGateway();
    expect(await scene.report(ordinary.jobId, 20)).to.equal(true);
    expect((await caller.status(strange.jobId)).status).to.equal(41);
  });

  it('keeps the terms of an environment that another runner announces with others', async () => {
    announce('other', [
      named(ENVIRONMENT.id, { orders: 'chain', priceMin: 99, feeToken: `0x${'9'.repeat(40)}`, maxJobs: 50 }),
    ]);
    await scene.logged('a runner has come');
    announce('probe', [named('probe')]);
    const list = await untilListed('probe');
    const shown = list.find(({ id }) => id === ENVIRONMENT.id);
    expect(shown).to.deep.include({ priceMin: 0, feeToken: ENVIRONMENT.feeToken, maxJobs: ENVIRONMENT.maxJobs });
  });

  it('forgets what its runner does not offer any more', async () => {
    announce('changing', [named('old'), named('staying')]);
    await untilListed('old');
    announce('changing', [named('staying'), named('new')]);
    const ids = (await untilListed('new')).map(({ id }) => String(id));
    expect(ids).to.include('staying');
    expect(ids).not.to.include('old');
  });

  it('takes no more environments, runners or words than it can list', async () => {
    announce(
      'endless',
      Array.from({ length: 100_000 }, (_, n) => named(`e-${n}`).id),
    );
    announce('wordy', [named('wordy', { desc: 'x'.repeat(100_000) })]);
    for (let runner = 0; runner < 300; runner += 1) {
      announce(
        `many-${runner}`,
        Array.from({ length: 50 }, (_, n) => named(`many-${runner}-${n}`)),
      );
    }
    await scene.bus.connection().flush();
    await scene.logged('ignored an environment: 500 are known');
    const list = await environments();
    expect(list.length).to.be.within(100, 500);
    expect(list.map(({ id }) => String(id)))
      .to.include(ENVIRONMENT.id)
      .and.not.to.include('wordy');
  });

  it('does not ask again and again for a log that is promised and does not come', async () => {
    const caller = scene.caller();
    const { jobId } = await caller.job(scene.order());
    await scene.report(jobId, 40);
    let asked = 0;
    let bytes = '';
    const answering = new AbortController();
    const promised = Promise.withResolvers<void>();
    answerQuestions(scene.bus, {
      subject: logSubject(jobId as JobId),
      answer() {
        asked += 1;
        promised.resolve();
        const length = Buffer.from(bytes, 'base64').length;
        return Promise.resolve({ v: 1, attempt: 1, from: 0, segments: [length], bytes, sizeBytes: 1_000_000 });
      },
      onError: () => undefined,
      signal: answering.signal,
    });
    await using log = await followOverSocket(scene.url, caller, { jobId, follow: true });
    await promised.promise;
    for (let n = 0; n < 2_000; n += 1)
      broadcast(scene.bus, loggedSubject(jobId as JobId), { v: 1, jobId, run: 1, attempt: 1, sizeBytes: n });
    await scene.bus.connection().flush();
    bytes = Buffer.from('at last').toString('base64');
    await log.untilText(/at last/);
    expect(asked).to.be.below(20);
    answering.abort();
  });

  async function untilListed(id: string): Promise<readonly EnvironmentObject[]> {
    for (;;) {
      await scene.bus.connection().flush();
      const list = await environments();
      if (list.some((environment) => String(environment.id) === id)) return list;
    }
  }
});
