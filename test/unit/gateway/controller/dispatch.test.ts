import { expect } from 'chai';
import type { Bus } from '@capstan/shared/bus/connect';
import { systemClock as clock } from '@capstan/shared/runtime/clock';
import { createLog } from '@capstan/shared/runtime/log';
import { createDispatch } from '../../../../services/gateway/src/controller/dispatch.ts';
import { openStore } from '../../../../services/gateway/src/store/store.ts';
import { absentBus } from '../../../support/gateway/absent-bus.ts';
import { ENVIRONMENT } from '../../../support/gateway/parts.ts';
import { aJobId, anAddress, aNewJob } from '../a-job.ts';

const log = createLog('test', 'silent');

/** A gateway with jobs that were sent once, and a broker that takes what comes as `answer` says. */
async function aDispatch(answer: (id: string) => Error | undefined) {
  const store = openStore(':memory:');
  const ids: string[] = [];
  let taken = Promise.withResolvers<string>();
  const bus = {
    ...absentBus(),
    isConnected: () => true,
    connected: () => Promise.resolve(),
    jetStream: () => ({
      publish(_subject: string, _text: string, { msgID }: { readonly msgID: string }) {
        ids.push(msgID);
        const error = answer(msgID);
        if (error) return Promise.reject(error);
        taken.resolve(msgID);
        return Promise.resolve();
      },
    }),
  } as unknown as Bus;
  const runners = { environments: () => [], environment: () => undefined, isAnnounced: () => false } as never;
  const dispatch = createDispatch({ bus, store, runners, room: { whoMayBegin: () => () => true }, clock, log });
  await store.write(() => store.jobs.add(aNewJob({ owner: anAddress(), environment: ENVIRONMENT.id }), '{}'));
  await dispatch.start();
  return {
    ids,
    store,
    send: () => dispatch.sendAgain(aJobId()),
    async untilTaken() {
      const id = await taken.promise;
      taken = Promise.withResolvers<string>();
      return id;
    },
    stop: () => dispatch.stop(),
  };
}

describe('a start command', () => {
  it('that NATS did not take is sent on by itself, as the same message, without a sweep', async () => {
    let failures = 3;
    const { send, untilTaken, ids, stop } = await aDispatch(() =>
      (failures -= 1) >= 0 ? new Error('TIMEOUT') : undefined,
    );
    await send();
    expect(await untilTaken()).to.equal(`${aJobId()}.1.start.1`);
    expect(new Set(ids).size).to.equal(1);
    expect(ids).to.have.length(4);
    await stop();
  });

  it('that is sent once more is another message, which no window of repetitions swallows', async () => {
    const { send, untilTaken, stop } = await aDispatch(() => undefined);
    await send();
    const first = await untilTaken();
    await send();
    expect([first, await untilTaken()]).to.deep.equal([`${aJobId()}.1.start.1`, `${aJobId()}.1.start.2`]);
    await stop();
  });

  it('that is more than NATS takes ends its job with the reason, and is not sent again', async () => {
    const tooLarge = Object.assign(new Error('too much'), { code: 'MAX_PAYLOAD_EXCEEDED' });
    const { send, store, ids, stop } = await aDispatch(() => tooLarge);
    await send();
    await send();
    expect(ids).to.have.length(1);
    const job = store.jobs.find(aJobId());
    expect(job).to.include({ code: 22 });
    expect(job?.termination?.reason).to.include('max_payload');
    await stop();
  });
});
