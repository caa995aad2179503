import { publish } from '@capstan/shared/bus/publish';
import { expect } from 'chai';
import { aBroker, nextConnection, puller } from './a-broker.ts';

const command = (n: number) => ({ subject: 'jobs.start.local', messageId: `message-${n}`, message: { n } });

describe('a message', () => {
  it('comes once, though it was published twice', async () => {
    await using broker = await aBroker();
    const bus = await broker.connectedBus();
    for (const n of [1, 1, 1, 2]) await publish(bus, command(n));
    const messages = puller(bus, broker.signal);
    const first = await messages.next();
    const second = await messages.next();
    expect([first.body, second.body]).to.deep.equal([{ n: 1 }, { n: 2 }]);
    expect(first).to.deep.include({ subject: 'jobs.start.local', deliveries: 1, text: '{"n":1}' });
  });

  it('that is no JSON comes too, for its reader to discard', async () => {
    await using broker = await aBroker();
    const bus = await broker.connectedBus();
    await bus.jetStream().publish('jobs.start.local', 'no {json');
    const message = await puller(bus, broker.signal).next();
    expect(message.body).to.equal(undefined);
    expect(message.text).to.equal('no {json');
  });

  it('comes to a pull that waited through a restart of the server', async () => {
    await using broker = await aBroker();
    const bus = await broker.connectedBus();
    const messages = puller(bus, broker.signal);
    await publish(bus, command(1));
    (await messages.next()).ack();
    const waiting = messages.next();
    const connected = nextConnection(bus);
    await broker.restart();
    await connected;
    await publish(bus, command(2));
    expect((await waiting).body).to.deep.equal({ n: 2 });
  });

  it('comes to a pull whose server lost streams and consumers meanwhile', async () => {
    await using broker = await aBroker();
    const bus = await broker.connectedBus();
    const messages = puller(bus, broker.signal);
    await publish(bus, command(1));
    (await messages.next()).ack();
    const waiting = messages.next();
    const connected = nextConnection(bus);
    await broker.restart({ isWiped: true });
    await connected;
    await publish(bus, command(1));
    expect((await waiting).body).to.deep.equal({ n: 1 });
  });

  it('that was delivered but not acknowledged comes again after a crash of the server', async () => {
    await using broker = await aBroker();
    const bus = await broker.connectedBus();
    await publish(bus, command(1));
    const messages = puller(bus, broker.signal, { ackWaitMs: 1_000 });
    await messages.next();
    await broker.restart();
    expect((await messages.next()).body).to.deep.equal({ n: 1 });
  });

  it('goes to the next who asks, when the one who had it neither acknowledges it nor works on', async () => {
    await using broker = await aBroker();
    const [bus, other] = [await broker.connectedBus(), await broker.connectedBus()];
    await publish(bus, command(1));
    const dead = new AbortController();
    const message = await puller(bus, dead.signal, { ackWaitMs: 500, batchSize: 1 }).next();
    expect(message.deliveries).to.equal(1);
    dead.abort();
    const again = await puller(other, broker.signal, { ackWaitMs: 500, batchSize: 1 }).next();
    expect(again).to.deep.include({ body: { n: 1 }, deliveries: 2 });
  });

  it('stays with the one who says that work goes on', async () => {
    await using broker = await aBroker();
    const bus = await broker.connectedBus();
    for (const n of [1, 2]) await publish(bus, command(n));
    const messages = puller(bus, broker.signal, { ackWaitMs: 500 });
    const held = await messages.next();
    const heartbeat = setInterval(held.working, 100);
    try {
      // The other one comes again each time its time is over; that is the clock of this test.
      const bodies = [];
      for (let n = 0; n < 4; n += 1) bodies.push((await messages.next()).body);
      expect(bodies).to.deep.equal([{ n: 2 }, { n: 2 }, { n: 2 }, { n: 2 }]);
    } finally {
      clearInterval(heartbeat);
    }
  });

  it('that is released comes again at once; that is acknowledged or discarded, never', async () => {
    await using broker = await aBroker();
    const bus = await broker.connectedBus();
    for (const n of [1, 2, 3]) await publish(bus, command(n));
    const messages = puller(bus, broker.signal, { ackWaitMs: 300, batchSize: 1 });
    (await messages.next()).ack();
    (await messages.next()).discard();
    const third = await messages.next();
    third.release();
    for (let deliveries = 2; deliveries < 5; deliveries += 1) {
      const again = await messages.next();
      expect(again).to.deep.include({ body: { n: 3 }, deliveries });
    }
  });

  it('is asked for one at a time where only one has room', async () => {
    await using broker = await aBroker();
    const [bus, other] = [await broker.connectedBus(), await broker.connectedBus()];
    for (const n of [1, 2]) await publish(bus, command(n));
    const first = await puller(bus, broker.signal, { batchSize: 1 }).next();
    const second = await puller(other, broker.signal, { batchSize: 1 }).next();
    expect([first.body, second.body]).to.deep.equal([{ n: 1 }, { n: 2 }]);
  });

  it('of another environment is not seen', async () => {
    await using broker = await aBroker();
    const bus = await broker.connectedBus();
    await publish(bus, { ...command(1), subject: 'jobs.start.gpu' });
    await publish(bus, command(2));
    expect((await puller(bus, broker.signal).next()).body).to.deep.equal({ n: 2 });
    const gpu = puller(bus, broker.signal, { consumer: 'runner-gpu', subject: 'jobs.start.gpu' });
    expect((await gpu.next()).body).to.deep.equal({ n: 1 });
  });

  it('is no longer waited for once the signal aborts, server or not', async () => {
    await using broker = await aBroker();
    const bus = await broker.connectedBus();
    const connected = new AbortController();
    const ended = puller(bus, connected.signal).ended();
    connected.abort();
    expect(await ended).to.equal(true);

    const away = new AbortController();
    await broker.stop();
    const endedToo = puller(bus, away.signal).ended();
    away.abort();
    expect(await endedToo).to.equal(true);
  });
});
