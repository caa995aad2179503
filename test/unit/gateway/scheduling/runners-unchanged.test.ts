import type { Bus } from '@capstan/shared/bus/connect';
import { createLog } from '@capstan/shared/runtime/log';
import { expect } from 'chai';
import { createRunners } from '../../../../services/gateway/src/scheduling/runners.ts';
import { openStore } from '../../../../services/gateway/src/store/store.ts';
import { absentBus } from '../../../support/gateway/absent-bus.ts';
import { ENVIRONMENT } from '../../../support/gateway/parts.ts';

describe('what is known of runners', () => {
  it('is as it was until one is heard of, or falls silent', async () => {
    const store = openStore(':memory:');
    let say: (text: string) => void = () => undefined;
    const connection = {
      publish: () => undefined,
      subscribe: (_subject: string, { callback }: { callback: (error: null, message: object) => void }) => {
        say = (text) => callback(null, { string: () => text });
        return { unsubscribe: () => undefined };
      },
    };
    const bus = { ...absentBus(), isConnected: () => true, connection: () => connection } as unknown as Bus;
    let nowMs = 1_000_000;
    const clock = { now: () => nowMs, monotonicMs: () => nowMs };
    const runners = createRunners({ bus, store, clock, log: createLog('test', 'silent') });
    await runners.start();
    const announce = (runnerId: string) =>
      say(JSON.stringify({ v: 1, runnerId, instance: 'i', environments: [ENVIRONMENT], jobs: [] }));

    const before = runners.unchanged();
    expect(before()).to.equal(true);
    announce('first');
    expect(before()).to.equal(false);

    const withOne = runners.unchanged();
    nowMs += 20_000;
    announce('second');
    expect(withOne()).to.equal(false);
    const withBoth = runners.unchanged();
    nowMs += 10_000;
    expect([withBoth(), runners.liveRunners().length]).to.deep.equal([true, 2]);
    nowMs += 1;
    expect([withBoth(), runners.liveRunners().length]).to.deep.equal([false, 1]);
    const withSecond = runners.unchanged();
    nowMs += 19_999;
    expect([withSecond(), runners.isLive(ENVIRONMENT.id)]).to.deep.equal([true, true]);
    nowMs += 1;
    expect([withSecond(), runners.isLive(ENVIRONMENT.id)]).to.deep.equal([false, false]);
    expect(runners.unchanged()()).to.equal(true);
    await runners.stop();
    store.close();
  });
});
