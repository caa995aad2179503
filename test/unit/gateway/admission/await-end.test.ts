import { jobEvent } from '@capstan/shared/contract/messages';
import type { StatusCode } from '@capstan/shared/contract/status';
import { expect } from 'chai';
import { awaitEnds } from '../../../../services/gateway/src/admission/await-end.ts';
import { recordEvent } from '../../../../services/gateway/src/events/record-event.ts';
import { gatewayParts } from '../../../support/gateway/parts.ts';
import { aJobId, aNewJob, aNonce } from '../a-job.ts';

/** Longer than a test may take: what resolves did not do so because of it. */
const LONG_MS = 60_000;

describe('waiting for the ends of jobs', () => {
  const aStore = async (count: number) => {
    const { store } = gatewayParts();
    const ids = Array.from({ length: count }, (_, i) => aJobId(i + 1));
    await store.write(() => ids.forEach((jobId, i) => store.jobs.add(aNewJob({ jobId, nonce: aNonce(i + 1) }), '{}')));
    const move = (n: number, code: StatusCode) =>
      store.write((transaction) =>
        recordEvent(store, transaction, jobEvent({ jobId: aJobId(n), run: 1, attempt: 1, code, at: 1_000 })),
      );
    return { store, ids, move };
  };

  it('is over when the last of them has ended, however each did', async () => {
    const { store, ids, move } = await aStore(3);
    let isOver = false;
    const waiting = awaitEnds(store, ids, LONG_MS).then(() => (isOver = true));
    await move(1, 70);
    await move(2, 40);
    await move(2, 7);
    expect(isOver).to.equal(false);
    await move(3, 41);
    await waiting;
  });

  it('is over at once for those that have ended or do not exist, and for none', async () => {
    const { store, move } = await aStore(1);
    await move(1, 70);
    await awaitEnds(store, [aJobId(1), aJobId(99)], LONG_MS);
    await awaitEnds(store, [], LONG_MS);
  });

  it('is over in any case when the limit is', async () => {
    const { store, ids } = await aStore(1);
    await awaitEnds(store, ids, 10);
    expect(store.jobs.find(aJobId(1))?.code).to.equal(1);
  });
});
