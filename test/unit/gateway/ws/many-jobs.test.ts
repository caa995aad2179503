import type { Address } from '@capstan/shared/contract/ids';
import { expect } from 'chai';
import { createConsumer } from '../../../../scripts/parts/consumer.ts';
import { aGateway } from '../../../support/gateway/socket-scene.ts';
import { aJobId, aNewJob, aNonce } from '../a-job.ts';

describe('a subscription to very many jobs', () => {
  async function manyJobs() {
    const gateway = await aGateway();
    const consumer = createConsumer(gateway.url);
    const owner = consumer.address.toLowerCase() as Address;
    await gateway.store.write(() => {
      for (let n = 1; n <= 1_200; n += 1)
        gateway.store.jobs.add(aNewJob({ jobId: aJobId(n), nonce: aNonce(n), owner }), '{}');
      gateway.store.queue.markSent(aJobId(5), 1);
    });
    return { gateway, owner };
  }
  const ids = (jobs: readonly { readonly jobId: string }[]) => jobs.map(({ jobId }) => Number(jobId));

  it('is told in pages, the ones that run first, and each job once', async () => {
    const { gateway, owner } = await manyJobs();
    await using _ = gateway;
    await using socket = await gateway.open();
    socket.send({ type: 'subscribe', subscription: 'mine', owner, limit: 500, detail: 'row' });
    const snapshot = await socket.next('snapshot');
    expect(snapshot.jobs).to.have.length(500);
    expect(ids(snapshot.jobs)).to.include(5);
    const seen = new Set(ids(snapshot.jobs));
    for (let next = snapshot.next; next !== undefined;) {
      socket.send({ type: 'page', subscription: 'mine', cursor: next, limit: 500 });
      const page = await socket.next('page');
      for (const id of ids(page.jobs)) seen.add(id);
      ({ next } = page);
    }
    expect(seen).to.have.property('size', 1_200);
  });

  it('is told by status, and those that wait in the order of their turn', async () => {
    const { gateway, owner } = await manyJobs();
    await using _ = gateway;
    await using socket = await gateway.open();
    socket.send({ type: 'subscribe', subscription: 'mine', owner, status: 'running', counts: true });
    const snapshot = await socket.next('snapshot');
    expect(ids(snapshot.jobs)).to.deep.equal([5]);
    expect(snapshot).not.to.have.property('next');
    expect(await socket.next('counts')).to.include({ waiting: 1_199, running: 1, ended: 0 });
    socket.send({ type: 'page', subscription: 'mine', status: 'waiting', order: 'oldest', limit: 5 });
    const page = await socket.next('page');
    expect(ids(page.jobs)).to.deep.equal([1, 2, 3, 4, 6]);
    expect(page).to.include({ status: 'waiting', next: 6 });
  });

  it('is told how many there are again when that has changed', async () => {
    const { gateway, owner } = await manyJobs();
    await using _ = gateway;
    await using socket = await gateway.open();
    socket.send({ type: 'subscribe', subscription: 'mine', owner, limit: 1, counts: true });
    await socket.next('counts');
    await gateway.move(aJobId(5), 70);
    expect(await socket.next('counts')).to.include({ waiting: 1_199, running: 0, ended: 1 });
  });

  it('that is not there has no pages', async () => {
    const { gateway } = await manyJobs();
    await using _ = gateway;
    await using socket = await gateway.open();
    socket.send({ type: 'page', subscription: 'mine' });
    expect(await socket.next('error')).to.include({ code: 'BAD_FRAME', subscription: 'mine', isOpen: true });
  });
});
