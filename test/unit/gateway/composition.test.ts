import { expect } from 'chai';
import type { Bus } from '@capstan/shared/bus/connect';
import { serviceGroup } from '@capstan/shared/runtime/service';
import { recordEvent } from '../../../services/gateway/src/events/record-event.ts';
import { gatewayParts } from '../../support/gateway/parts.ts';
import { jobEvent } from '@capstan/shared/contract/messages';
import { aJobId, aNewJob } from './a-job.ts';

describe('a gateway that starts', () => {
  it('tells the runners at once of an end that is stored as soon as events are taken in', async () => {
    let isConnected = false;
    const told = Promise.withResolvers<readonly [key: string, word: string]>();
    const kv = () => Promise.resolve({ put: (...word: [string, string]) => Promise.resolve(told.resolve(word)) });
    const { store, services } = gatewayParts({
      bus: {
        isConnected: () => isConnected,
        jetStream: () => ({ views: { kv } }) as unknown as ReturnType<Bus['jetStream']>,
      },
    });
    await store.write(() => store.jobs.add(aNewJob(), '{}'));
    const intake = services.findIndex(({ name }) => name === 'intake');
    const before = serviceGroup(services.slice(0, intake));
    await before.start();
    isConnected = true;
    const end = jobEvent({ jobId: aJobId(), run: 1, attempt: 1, code: 70, at: 2_000 });
    await store.write((transaction) => recordEvent(store, transaction, end));
    const [key, word] = await told.promise;
    expect(key).to.equal(aJobId());
    expect(JSON.parse(word)).to.include({ run: 1, want: 'ended' });
    await before.stop();
  });
});
